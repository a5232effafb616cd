"""Facts of a finding -> the figures that show them; pure, one function a probe.

A figure copes with facts that are missing: then there is one figure less, never a broken page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assessments.dashboards.figures import (
    absent,
    accelerators,
    amount,
    artefacts,
    classes,
    columns,
    copies,
    data,
    flexibility,
    groups,
    hardware,
    hyperparameters,
    inventory,
    leaks,
    loading,
    membership,
    noise,
    overfit,
    plan,
    poison,
    privacy,
    reading,
    scaling,
    security,
    serving,
    shortcuts,
    stability,
    tasks,
    transfer,
    tuning,
    values,
)
from assessments.dashboards.figures.chart import Chart, Listing, Part, Pictures, Strip, Table

Builder = Callable[[Mapping[str, Any], Mapping[str, Any]], list[Part]]

BUILDERS: dict[str, Builder] = {
    "data.readability": reading.readability,
    "data.class_balance": classes.class_balance,
    "data.label_errors": data.label_errors,
    "data.duplicates": copies.duplicates,
    "data.split_overlap": copies.split_overlap,
    "data.label_conflicts": copies.label_conflicts,
    "data.learning_curve": data.learning_curve,
    "data.feasibility": amount.feasibility,
    "data.synthetic": amount.synthetic,
    "data.types": columns.types,
    "data.missing": columns.missing,
    "data.outliers": values.outliers,
    "data.time_order": values.time_order,
    "data.redundancy": leaks.redundancy,
    "data.coverage": groups.coverage,
    "data.target_leak": leaks.target_leak,
    "data.drift": leaks.drift,
    "data.shortcut": shortcuts.shortcut,
    "security.poisoning": poison.poisoning,
    "security.poison_impact": poison.poison_impact,
    "security.personal_data": privacy.personal_data,
    "security.secrets": privacy.secrets,
    "security.reidentification": privacy.reidentification,
    "security.adversarial": security.adversarial,
    "security.noise": noise.noise,
    "security.membership": membership.membership,
    "security.extraction": membership.extraction,
    "security.unsafe_files": artefacts.unsafe_files,
    "hardware.inventory": inventory.inventory,
    "hardware.memory": hardware.memory,
    "hardware.training_cost": accelerators.training_cost,
    "hardware.serving": serving.serving,
    "hardware.transfer": transfer.transfer,
    "hardware.input_pipeline": loading.input_pipeline,
    "hardware.scaling": scaling.scaling,
    "flexibility.interference": tasks.interference,
    "flexibility.forgetting": flexibility.forgetting,
    "flexibility.reuse": tasks.reuse,
    "flexibility.site_gap": absent.site_gap,
    "flexibility.input_loss": absent.input_loss,
    "hyperparameters.plan_review": plan.plan_review,
    "hyperparameters.sensitivity": hyperparameters.sensitivity,
    "hyperparameters.seed_noise": stability.seed_noise,
    "hyperparameters.butterfly": stability.butterfly,
    "hyperparameters.learning_rate": stability.learning_rate,
    "hyperparameters.overfitting": overfit.overfitting,
    "hyperparameters.repeatability": stability.repeatability,
    "hyperparameters.tuning_gap": tuning.tuning_gap,
    "hyperparameters.importance": tuning.importance,
    "hyperparameters.baseline": tuning.baseline,
}


def of(finding: Mapping[str, Any]) -> list[Part]:
    """The figures of one finding of the report document; none when nothing was measured."""
    builder = BUILDERS.get(finding.get("probe", ""))
    facts = finding.get("facts") or {}
    if builder is None or finding.get("state") != "measured" or not facts:
        return []
    return builder(facts, finding)


__all__ = ["BUILDERS", "Chart", "Listing", "Part", "Pictures", "Strip", "Table", "of"]
