"""Words that names in running text are told by: first names, surnames, and what only looks like a name.

Facts of common use, from memory, a few languages of Europe and a little of the rest: short lists do, since a
name must also stand in prose and pass the words that speak against it (``running.py``).
"""

from __future__ import annotations

import unicodedata
from functools import cache

from workers.probes.security.personal_data.names import FIRST_NAMES


@cache
def plain(word: str) -> str:
    """A word in small letters without accents: "Chloé" -> "chloe", "Łukasz" -> "lukasz"."""
    small = word.lower().translate(_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", small) if not unicodedata.combining(c))


_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "ı": "i", "æ": "ae", "œ": "oe", "’": "'"})


def _set(text: str) -> frozenset[str]:
    return frozenset(map(plain, text.split()))


_MORE_FIRST = _set(
    """
    adele adele adriana adrien agata agnieszka aino aisling aleksander aleksandra alessandra alessia
    alexandre alexandru alfonso alicja alina aline alma aloísio alva amina amélie anaïs andrzej ángel
    ángela anders andrej aneta angelo anja anke anneke annika anouk antoine antonella antónio arne artur
    aurélie axel ayşe aylin bartosz beata beatrix beatriz bengt benedetta benoît björn bogdan bram britta
    bruna caio camilla carla carina cássia catarina cecília célia céline chiara cláudia claude clément
    cosimo cristiano cristóbal dariusz davide débora delphine diogo dirk domenico dorota dominika
    donatella édouard eduarda elif eliza elżbieta émile emeline emre enzo erika ernesto esra eszter
    étienne eva ewa fabian fabien fabio fabrice fabrizio federica federico felipe ferenc fernanda filip
    filippo flavia florian françois françoise frédéric fredrik frida gabor gaël gemma geoffrey georges
    gergely germán gianluca gilles giorgio giovanna giuseppe gonzalo göran grażyna grzegorz guillaume
    guilherme gunnar gustavo håkan halina hans hanna hanne hélène henrik henrique hervé hugo ignacy
    ilaria ilona inês iñigo irena isabela isabelle ivana iwona jacek jadwiga jakub jan janina janusz
    jarosław jasmin jean jeroen jerzy joana joanna joão joaquim joaquín jolanta joris josé josefina joost
    jörg julien jürgen justyna kamil karolina kasper katarzyna katrin kazimierz kerstin khalid klára
    krzysztof lars laszlo laurent leila lennart letícia liesbeth lorena luana luc luca ludovic ludwig
    luís luisa łukasz maarten maciej maciek magda magdalena magnus małgorzata manuela marcelo marcin
    marek margaux margot maría mariana marianne mariusz marius marjolein markéta marta mateus mateusz
    mathieu mathis mats maurizio mauro maxime máté michał mikael mikołaj mirko mirosław mónica murat
    mustafa nadia nadine nicoletta niels nikola nils nuno olaf olena oleksandr oliwia olivier oksana
    ondřej osman owen paweł pascale patrícia patrycja paulo per philippe pieter piotr przemysław quentin
    rafael rafał raffaele ramona rasmus renata renato rémi ricarda rikke rodrigo rogério romain romana
    rosa rosario rúben ryszard sabrina salvatore sander sanne sandrine sébastien sergei siegfried silke
    sílvia sigrid simona simone sławomir søren stanisław stefania stefano steffen stéphane stephan
    svetlana sylvain sylvie szymon tadeusz thérèse thiago thibault thijs thorsten tiago tobias tomasz
    torsten tove ulf ulrik ursula valérie vanesa vincenzo viktor virginie vitória vladimir waldemar
    willem wiktor wojciech xavier yannick yasmin yves yvette zbigniew zdeněk zofia zoltan zuzana aarav
    aditi amit ananya anjali arun ashok divya farah gaurav hamza hiroshi jing kavita khadija kenji
    lakshmi layla mariam meera mei min neha nikhil omar pradeep preeti rahul ravi rohan salma sanjeev
    shreya sunil suresh takashi vijay vivek xin yuki yusuf zainab zhang chinedu kwame ngozi oluwaseun
    thabo abdullah noor nour samira tariq zara aoife ciara deirdre eamonn fergus gareth gwen niamh rhys
    saoirse siobhan brett chad cody courtney craig dustin erin heidi jared abby adalbert adelheid adolfo
    adoración aiden ainhoa aitor alain albertine albrecht alejandra alessio alexia alfons ali alison
    allan alois alvaro álvaro amaia amador amalia ambrosio amparo anabel anastasie andrée andré andrés
    anette angeles angélica anika anita anjali annalisa annelies annemarie annett ansgar anselm antje
    apolonia araceli ariadna ariane ariel arjen arlene armando armin arnau arnaud arnulf artemio asier
    asunción athanasios augusto aurelio aurora ayush balthasar baptiste bart bastian bas beate begoña
    belén benigno benita benito benoit bert berta berthold bettina betina birgitta blanca blas bogusława
    boris borja boudewijn brigitte brunhilde burkhard bertram bryan calista camilo candela carla carles
    carlotta carmelo carola caroline carsten casimir caspar caterina cayetano cecile cees celestino celia
    cesare chantal charlène christel christelle christiane christophe ciro claas clarisse claire clemens
    cláudio concepción conchita conrad constance constantin cordula corinna corinne cornelia cornelis
    corrado cosima daan dafne dalila damian damiano damien dagobert daphne davide debbie delfina denis
    denise desirée detlef detlev diederik dimitri dino dionisio dolf domingo donato dorothea dorothée
    dries dunja eberhard eckhard edelgard edgar edith edmund eduard egon ekaterina eleonora eleonore
    elfriede eliana elias elisabetta elise ellie elmar eloy elvira emanuel emanuele emilio emmanuel
    encarnación engelbert enrico ermanno erhard erna erwin esperanza estefanía esteban estelle eugenia
    eugenio eulalia eusebio evelien evelyne ezequiel fabiola fatma faustino femke fermín ferdinand fidel
    fiorella florencia florentin floris francesc franciska frauke frederik friedhelm friederike gabi gaby
    gaetano gaspard gaston geert gerardo gerlinde gernot gérard geraldine gerda germaine gerrit gertrude
    gianni gilbert gilberto gina ginevra gino gisele gottfried graziella gregor gregorio greta gretel
    grit guadalupe gudrun guglielmo guglielma günter günther gwendolyn hartmut heiko heiner heinrich
    helge helmuth heloísa herbert heribert hermine herta herve hilaria hildegard hollie holger hortense
    hubertus hugues ignace ilse imelda imke imma inga ingmar ingo inmaculada irmgard irmtraud isidro
    isolde itziar ivo jaap jacinta jacques jaime jantje jaroslav jasper jeanette jeanne jeannette jelle
    jenny jeremias jérôme jessika jeannine joachim jodi johan johanne jolanda jolanthe jonatan jordi jörn
    josep josette josiane jost josip jovana juanita judit juliana juliane julianna jule justina justine
    jutta kai karel karina karl-heinz karsten katalin katerina kathrin katharina kees kerry kirsten klaas
    klara klaudia koen konrad konstantin konstanze kordula korbinian kunigunde kurt lara lars lauro
    lavinia lea leandro leni lenka leonie leonor leopold leopoldo liane lidia lieke lieselotte ligia
    lilian liliana lina linus lisbeth lise livia liza loïc lotte lucía luciana luciano lucie lucien
    lucille lucrezia ludmilla luitgard luís lukasz lutz luzie lydie mabel macarena maike maite malte
    manon manolo marcella marcello marcelino marco-antonio margarete margarida margherita margit margot
    margret marga marian marianela maribel marie-claire marieke mariano marietta marijke marika mariluz
    marisa marisol marita marjan markéta marleen marlies martijn martim martine martín mateo matilda
    matilde mathias maura mauricio maximiliano maximo maxwell meike meinhard melina melinda mercedes
    merle michail michaël michela micheline mick micha miguel-ángel milan milena milena miranda mirella
    miriam mirjam mohan moritz muriel myriam nanette natacha natascha nathalie nazaret nele nelly nerea
    nicanor niccolò nico nicola nicolò nieves nikita nikolaj nikolaus nino noa noelia noemi noël noémie
    norberto nuria núria odette olalla olav onno ornella orlando osvaldo ottavio otto-karl otilia ottilie
    ottmar pancho pancrazio paolo pasquale patrizia patrizio paulette paulina pepe perla petr petros pia
    pien piero pietro pim pius plácido philipp porfirio primitivo prudencio quirin rachele rachid radek
    ralph ramiro raimund raimondo raphaël raphael rayan régine reiner reinhold reinhilde remedios rené
    renée reto ricardo riccardo rik rita roberta rocco rocío rogelio roland rolanda romeo romy ronja
    rosalía rosalie rosalind rosamunde rosanna roswitha rudi rudolf ruggiero rüdiger ruth sacha salomé
    salvador samira samuele sandro sara-jane sarina sascha saturnino saverio severin severino sibylle
    siegbert sieglinde siegrid sigmund silke silvana silvano silvester silvestro simão simón sjoerd
    solange soledad sönke sonja sophia-marie stan stanislav stefanía steffi stijn sven svenja swantje
    sybille sylke tamás tanguy tatiana tatjana teo teófilo tess thea thekla theo theodora thierry thilo
    thomás till timo tina tizian tjark tom toni tonia traude traudel trinidad tristan ubaldo udo ugo ulla
    ulli urs urszula uta valentin valentino valeria valerio vanessa vasco veit verónica veronika vicenta
    vicky vincent vinicius violetta virgilio virginie vito vittoria vittorio viviana viviane volkmar
    waltraud wendelin wenke werner wibke wiebke wieland wilfried wilhelmine wim winfried wolf-dieter wout
    xavi yann yannis yolande yvon zacharie zaira zita zoé cauã gabriel gabrielly heitor arthur bernardo
    lívia cecília enzo davi murilo caleb yago raul breno aadhya zaid yatin kamya naksh ishaan kabir
    reyansh vihaan diya ira kiara myra anika advik ritika gitanjali harish girish ganesh jayesh kiran
    madhavi manish mukesh naresh nitin parth prakash pranav rajiv rakesh ramesh rashmi rekha ritu sachin
    sandeep shankar shilpa shivani sneha sonal sumit swati tanvi uma usha vandana vinay vinod yash mandy
    wayne jodie jolene jonas judd katelyn kelsey kendall krystal leah leann lonnie lorraine lucas
    mackenzie makayla marissa maryann maurice maxine melody meredith micheal mindy mitchell nathaniel
    nichole nikki noelle phyllis preston quincy reginald rena rick rodney ronnie roxanne ruben sadie
    samantha shaina sheena sheldon shelby shelley sherri sonya spencer stefanie susie suzette tabitha
    tamika tasha teri tessa tia tiana tonya tracey tricia trisha valarie vance velma vickie wilma yesenia
    yvette zachery jenna joyce kara kayla kendra kirsten krista lacey leigh lindsay mallory marcia meghan
    misty nadine noel paige parker randall rhonda riley russell shane shawn sherry stacey tyler tanya
    trevor wesley whitney
    """
)
# First names that are words, months, flowers or places as well: these need a known surname behind them.
AMBIGUOUS = _set(
    """
    amber amelia april art max kendall till mate elif blas august austin autumn bella bill brandon brook
    carina carmen carol carolina chad charity charlotte chase chelsea christian cody craig crystal dale
    dallas dawn daisy diamond don dom dominic drew earl eve faith flora florence frank gene georgia gin
    glen glory grace grant guy hazel heather holly hope ida india iris ivy jack jade jan jasmine jay jean
    jesus jordan joy juan june kay ken kent kim lacey lee leigh leo li lily lin logan long lou luna
    madison mark marina mars mason max mercedes mercy mia mila min miles misty morgan nour olive olivia
    page paige paris parker pat patience pearl penny per peggy phil polly ray raven rich riley river rob
    robin rod rosa rose rosemary ruby rusty sage sam sandy santiago san savannah scarlett shane sierra
    silver sky sofia sol stella sterling sue summer sydney tad terry tiffany trinity troy van victoria
    vienna viola violet virginia wade warren wayne will wei xin angel angelo bruno nova alexis alexa siri
    alma eva major santa pilar dolores consuelo rosario al ed les jo val min mei zara augustine lorena
    norman roma
    """
)
FIRST = frozenset(map(plain, FIRST_NAMES)) | _MORE_FIRST
SURE_FIRST = FIRST - AMBIGUOUS

SURNAMES = _set(
    """
    adams allen alexander anderson andersson antunes bailey baker barnes becker bell bennett berg bernard
    bianchi brooks brown bryant butler campbell carter castillo chavez chen clark coleman collins conti
    cook cooper costa cox cruz davies davis delgado de-vries diaz díaz dubois dupont edwards eriksson
    esposito evans fernandes fernandez fernández ferrari ferreira fischer flores foster fournier fuchs
    garcia garcía gibson girard gomes gomez gómez gonzales gonzalez gonzález gray green griffin gupta
    gustafsson gutierrez hall hansen hansson harris hartmann hayes henderson hernandez hernández hill
    hoffmann howard huang hughes ivanov ivanova jackson jakobsen jansen jansson janssen jenkins jensen
    jimenez jiménez johansson johnson jones jong kaiser kaplan kelly khan kim klein koch kowalska
    kowalski krause krüger kumar lambert lang larsen larsson lefebvre leroy lewis li lin liu long lopes
    lopez lópez lorenz ludwig maier martin martinez martínez martins mendoza meyer miller mitchell moore
    morales moreau morgan morris müller mueller muñoz murphy murray myers nelson neumann nguyen nielsen
    nilsson novak nowak olsen olsson ortiz owens parker patel pedersen pereira perez pérez perry persson
    peters petersen peterson petit petrov petrova phillips pinto powell price ramirez ramírez ramos reed
    reyes ribeiro ricci richard richter rivera roberts robertson robinson robert rodrigues rodriguez
    rodríguez rogers romano romero ross rossi roux ruiz russell russo sanchez sánchez sanders santos sato
    schäfer schmid schmidt schmitt schmitz schneider schröder schulz schulze schwarz scott sharma silva
    simmons simon singh smith soares sousa souza stein stewart sullivan suzuki svensson tanaka taylor
    thomas thompson torres turner vargas vasquez vazquez vázquez visser vogel wagner walker walter wang
    ward watson weber weiss werner white williams williamson wilson winkler wolf wood wright wójcik wu
    yang young zhang zhao zimmermann bakker smit mulder meijer bos vos peeters maes willems claes mertens
    szymańska szymański wiśniewska wiśniewski kamińska kamiński lewandowska lewandowski zielińska
    zieliński kaczmarek mazur yilmaz kaya demir çelik oliveira almeida carvalho teixeira moreira correia
    mendes nunes rocha dias lima alves barbosa cardoso greco marino gallo bruno fontana costa caruso
    mancini rizzo lombardi moretti barbieri mensah okafor diallo traoré hassan ahmed ali hussein haddad
    ward stone lane hill hall wood ford parks reilly o'brien o'connor o'neill byrne ryan doyle mccarthy
    macdonald mcdonald campbell fraser kerr paterson
    """
)
# Words that stand behind a first name in the name of a place, a firm, a thing or a law, but in nobody's.
THINGS = _set(
    """
    academy act agency airlines airport app apps arena associates association avenue award awards band
    bank bar bay beach bible boots bowl boulevard box brand bridge brothers bros building bureau cafe
    cake camp campus canyon care castle cathedral center centre chair challenge chapel church city clinic
    close club coach co coast college collection commission committee community company concert
    conference corner corp corporation council county course court creek creek crescent cup customer dam
    day days department desk district drive eve exhibition express fair falls farm farms fashion festival
    field fields film finance fire fleet forest foundation fund fault gallery garden gardens gate glass
    gmbh gold golf grill group grove guide gym hall harbor harbour heights help helpdesk high highway
    hill hills holdings home homes hospital hotel house housing hut inc industries inn institute
    insurance international island islands jacket jeans kitchen lab laboratories laboratory labs lake
    lamp lane library lighthouse limited line lines llc lodge lotion love ltd mall manager manor market
    marketing media medal memorial mill mine model monastery monument motors mountain mountains movie
    museum music network news night observatory office open opera orchestra outlet palace park parks
    parkway partners party pass path peninsula pharmacy pharma pier pizza place platz plan plaza port
    power premium prize products programme program project pub quarter race railway ranch range reef
    region report republic reserve resort restaurant ridge ring river road room rooms sale sales salon
    sauce sauna school scale sciences sea season series service services shelf shoes shop show society
    sofa software solutions song sponge spring springs square stadium star state station stone store
    stores stories story strait strasse straße street studio studios suite sunday summit support surf
    syndrome system systems table tea team technologies technology temple terminal terrace test theatre
    theater tour tower town trail trophy trust tunnel union university valley version villa village
    vineyard ward wagon watch way week weekend wine winery works world yard zoo monday tuesday wednesday
    thursday friday saturday january february march april may june july august september october november
    december north south east west northern southern der die das den dem und oder ist war hat haben aber
    nicht mit von für auf aus bei nach the and or but not with from for euro dollar prozent uhr president
    chairman minister sir madam all everyone everybody customer customers kunde kunden team damen herren
    colleagues kollegen friends friend user users member members student students parents neighbour
    reader domain administrator admin webmaster affordable editor editorial staff subscription
    subscriptions newsletter membership moderator crew webmaster postmaster master list forum account
    accounts billing shipping orders valentine christmas easter ii iii iv vi vii viii
    """
)
# Who everybody knows: heroes, brands and firms that are called like people.
KNOWN = frozenset(
    """
    harry potter|james bond|sherlock holmes|mickey mouse|donald duck|santa claus|jack daniels
    jim beam|johnnie walker|captain morgan|tom collins|calvin klein|ralph lauren
    tommy hilfiger|michael kors|marc jacobs|tom ford|hugo boss|karl lagerfeld|kate spade
    paul smith|ted baker|fred perry|ben sherman|philip morris|mary kay|betty crocker
    sam adams|samuel adams|johns hopkins|louis vuitton|christian dior|christian louboutin
    jean paul|alexander mcqueen|yves rocher|yves saint|helena rubinstein|elizabeth arden
    estee lauder|jimmy choo|stella mccartney|stella artois|thomas cook|marks spencer
    ernst young|peter pan|robin hood|tom sawyer|anna karenina|jane eyre|emma bovary
    oliver twist|david copperfield|peter rabbit|alice springs|billie jean|bob marley
    max payne|lara croft|tony hawk|marie curie|albert einstein|isaac newton|charles darwin
    johann bach|wolfgang mozart|martin luther|jesus christ|virgin mary|john deere
    henry schein|charles schwab|wells fargo|morgan stanley|jp morgan|ben nevis|jack wolfskin
    helly hansen|franz ferdinand|tom yum|tim hortons|mario kart|super mario|elsa anna
    anna elsa|jean claude|eric jan|monte carlo|san jose|peter scholl|werner co|fisher price
    hans zimmer|oscar wilde|george orwell|mark twain|agatha christie|stephen king
    william shakespeare|jane austen|charles dickens|leonardo davinci|vincent van|pablo picasso
    claude monet|frida kahlo|andy warhol|walt disney|henry ford|nikola tesla|thomas edison
    alexander bell|marie claire|roland garros|carl zeiss|robert bosch|albert hall
    ferdinand porsche|karl marx|adam opel|john wiley|alice bob|bob alice
    """.replace("\n", "|").replace("    ", "").split("|")
)  # fmt: skip
NO_TITLE = _set(
    """
    pepper martens oetker scholl coffee robot bean potato clean muscle who strange doolittle jekyll hyde
    evil dre house seuss no president chairman chairwoman chair minister mayor speaker prime sir madam
    sirs doctor judge ambassador incredible brightside universe world america right wrong big fix it t
    burns simpson robinson doubtfire dalloway darcy fields crowley
    """
)
UNITS = _set(
    """
    euro euros dollar dollars pfund franken yen kilometer kilometers kilometre meter meters metre liter
    stück personen menschen einwohner kunden besucher teilnehmer mitarbeiter zuschauer jahre jahren tage
    tagen stunden minuten people items users customers units copies visitors employees members points
    miles steps watt volt newton pascal hertz kelvin celsius joule personnes habitants euros kilomètres
    mètres personas habitantes kilómetros metros persone abitanti chilometri metri inwoners mensen
    pessoas quilômetros shares tons tonnes barrels votes seats gallons bytes rows orders order rpm usd
    eur gbp january february march april may june july august september october november december januar
    februar märz mai juni juli oktober dezember uhr prozent seiten exemplare tonnen wörter words
    characters zeichen
    """
)
NO_TOWN = _set(
    """
    stück stücke items artikel seiten pages zeilen rows users kunden bestellungen orders teile parts
    version modell model typ type serie series art nr no menge preis price mwst vat inkl netto brutto
    rabatt punkte ca circa bitte danke the a an und oder and or
    """
)
# Words that sentences have and lists of things have not, in the languages of the rules.
SENTENCES = frozenset(
    """
    i we you he she it they me us him them is was are were be been am have has had having will would can
    could should did does do done said says told asked wants wanted got went came that this who whom not
    never because when while if but since until please thanks ich wir ihr sie er es mich uns ihm ihn ist
    war waren sind sei hat habe haben hatte wurde wurden wird werden kann konnte nicht dass weil wenn
    aber bitte danke möchte soll muss je nous vous il elle ils elles me est était sont été ai avons avez
    ont sera pas que qui parce quand mais merci faut veut yo nosotros usted él ella ellos es era fue son
    fueron he ha han hay está estaba no que quien porque cuando pero gracias quiero quiere tuve io noi
    lui lei loro è era sono ho ha hanno stato stata non che chi perché quando ma grazie vorrei vuole devo
    ik wij jij u hij zij het ben was zijn heb heeft hebben had werd worden wordt kan niet dat wie omdat
    maar dank wil eu nós você ele ela eles é era foi são foram tenho tem têm está estava não que quem
    porque quando mas obrigado quero quer tive jest był była nie się jag vi han hon är var har inte att
    som men
    """.split()  # noqa: SIM905 - a list of this length is read as text
)
