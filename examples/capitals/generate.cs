// Writes examples/capitals.yml from a table of countries:
//
//     dotnet run examples/capitals/generate.cs -- countries.csv > examples/capitals.yml
//
// The table has a heading and the columns cca3, country, capital, region, subregion, lat, lon, area_km2, landlocked. Its rows come from
// https://github.com/mledoze/countries (ODbL 1.0); several capitals of one country are separated by '|'. The rest, below, is editing:
// what to leave out, what else to accept, what is worth more.

using System.Globalization;
using System.Text;

// The first letters of their capitals, in this order, are the answer to the last challenge. Each opens the far places of its part of the earth.
string[] doors = ["NZL", "NOR", "MAR", "PER", "BGD"];

// No capital in the table, nobody there to have one, several islands with one each, or a capital that is disputed.
string[] leftOut =
[
    "ATA", "ATF", "BVT", "HMD", "SGS", "UMI", "IOT", "MAC", "HKG", "TKL", "BES", "ISR", "PSE", "ESH",
];

// Not sovereign: the chief town is asked for. These are worth more, and the door of their region has to be opened first.
string[] territories =
[
    "ABW", "AIA", "ALA", "ASM", "BLM", "BMU", "CCK", "COK", "CUW", "CXR", "CYM", "FLK", "FRO", "GGY", "GIB", "GLP", "GRL", "GUF", "GUM", "IMN", "JEY", "MAF",
    "MNP", "MSR", "MTQ", "MYT", "NCL", "NFK", "NIU", "PCN", "PRI", "PYF", "REU", "SHN", "SJM", "SPM", "SXM", "TCA", "VGB", "VIR", "WLF",
];

// Sovereign, and still behind the door: Asia has no such territories.
string[] farAway = ["BRN", "BTN", "KGZ", "MDV", "TJK", "TKM", "TLS"];

string[] withArticle =
[
    "ALA", "ARE", "BHS", "CAF", "CCK", "COD", "COG", "COK", "COM", "CYM", "DOM", "FLK", "FRO", "GBR", "GMB", "IMN", "MDV", "MHL", "MNP", "NLD", "PCN", "PHL", "SLB", "SYC",
    "TCA", "USA", "VGB", "VIR",
];

// Spellings that normalisation does not bring together, names people say at home, seats of government, former names still in use.
var alsoRight = new Dictionary<string, string[]>
{
    ["AUT"] = ["Wien"], ["BEL"] = ["Bruxelles", "Brussel"], ["BGD"] = ["Dacca"], ["BOL"] = ["La Paz"], ["BTN"] = ["Thimbu"], ["CHE"] = ["Berne"], ["CHL"] = ["Santiago de Chile"],
    ["CHN"] = ["Peking"], ["COL"] = ["Santa Fe de Bogotá"], ["CUB"] = ["La Habana"], ["CYP"] = ["Lefkosia", "Lefkoşa"], ["CZE"] = ["Praha"], ["DNK"] = ["København"], ["DZA"] = ["Alger"],
    ["EGY"] = ["Al-Qahira"], ["ERI"] = ["Asmera"], ["ETH"] = ["Addis Abeba"], ["GNQ"] = ["Ciudad de la Paz"], ["GRC"] = ["Athina"], ["GRL"] = ["Godthåb"],
    ["GTM"] = ["Ciudad de Guatemala"], ["GUM"] = ["Agana"], ["IDN"] = ["Nusantara"], ["IND"] = ["Delhi"], ["IRN"] = ["Teheran"], ["ITA"] = ["Roma"], ["KAZ"] = ["Nur-Sultan"],
    ["KIR"] = ["Tarawa"], ["LKA"] = ["Sri Jayawardenepura Kotte", "Kotte"], ["LUX"] = ["Luxembourg City"], ["MDA"] = ["Kishinev"], ["MDG"] = ["Tananarive"],
    ["MEX"] = ["Ciudad de México"], ["MHL"] = ["Delap-Uliga-Djarrit"], ["MLT"] = ["La Valletta"], ["MMR"] = ["Nay Pyi Taw"], ["MNG"] = ["Ulaanbaatar"], ["MNP"] = ["Capitol Hill"],
    ["MSR"] = ["Brades"], ["NPL"] = ["Katmandu"], ["OMN"] = ["Masqat"], ["PAN"] = ["Ciudad de Panamá"], ["POL"] = ["Warszawa"], ["PRK"] = ["P'yŏngyang"], ["PRT"] = ["Lisboa"],
    ["ROU"] = ["București"], ["RUS"] = ["Moskva"], ["SAU"] = ["Riad"], ["SDN"] = ["Khartum"], ["SMR"] = ["San Marino"], ["SOM"] = ["Muqdisho"], ["SRB"] = ["Beograd"], ["SWZ"] = ["Mbabane"],
    ["TCA"] = ["Grand Turk"], ["TKM"] = ["Aşgabat"], ["UKR"] = ["Kiev"], ["USA"] = ["Washington"], ["UZB"] = ["Toshkent"], ["VAT"] = ["Vatican"], ["UNK"] = ["Prishtina"],
    ["YEM"] = ["Sanaa"],
};

if (args is not [var table])
{
    Console.Error.WriteLine("Give the table of countries: dotnet run examples/capitals/generate.cs -- countries.csv > examples/capitals.yml");
    return 2;
}

var countries = File.ReadLines(table).Skip(1).Select(Fields).Select(field => new Country(field[0], field[1], field[2].Split('|', StringSplitOptions.RemoveEmptyEntries), field[3])).ToList();
foreach (var unknown in doors.Concat(leftOut).Concat(territories).Concat(farAway).Concat(withArticle).Concat(alsoRight.Keys).Except(countries.Select(country => country.Code)))
{
    Console.Error.WriteLine($"{unknown} is named in this script and not in {table}.");
    return 1;
}

var asked = countries.Where(country => !leftOut.Contains(country.Code)).ToList();
var doorOf = doors.ToDictionary(door => asked.Single(country => country.Code == door).Region);
var text = new StringBuilder("""
    # Two hundred and some capitals: a quiz for a crowd. Written by examples/capitals/generate.cs; change that rather than this.
    #
    # The facts (names, capitals, regions) are from https://github.com/mledoze/countries, commit 5e9f3700, which is made available under
    # the Open Database License 1.0 (https://opendatacommons.org/licenses/odbl/1-0/). This file is a derivative database and is under that licence too.
    hunt: capitals
    title: Capitals of the world
    description: |
      More than two hundred capitals, from the ones everybody knows to the ones that hardly have a street.

      Most questions are open at once. In every part of the earth one capital is a door: name it, and the far places there open too.
      Behind all five doors waits one last question.
    team_size: solo
    ranking: score-then-time
    defaults:
      points: 2
      normalise: all
    challenges:

    """);

foreach (var country in asked.OrderBy(country => doors.Contains(country.Code) ? 0 : 1).ThenBy(country => country.Region, StringComparer.Ordinal).ThenBy(country => country.Name, StringComparer.Ordinal))
    Append(country);

text.Append(CultureInfo.InvariantCulture, $$"""

      - id: world
        name: The whole way round
        category: The last question
        text: |
          Five capitals opened doors for you, one in each part of the earth.
          Take their initials. In the right order they say how far you have come.
        points: 10
        answers: [world, the world]
        unlock: { all_of: [{{string.Join(", ", doors.Select(door => door.ToLowerInvariant()).Order(StringComparer.Ordinal))}}] }
        final: true

    """);

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
Console.Out.Write(text.ToString());
return 0;

void Append(Country country)
{
    var (code, name, capitals, region) = country;
    var isDoor = doors.Contains(code);
    var isTerritory = territories.Contains(code);
    var isFar = isTerritory || farAway.Contains(code);
    var isGiven = capitals.Any(capital => capital.Contains(name, StringComparison.OrdinalIgnoreCase));
    var question = (isTerritory ? "What is the chief town of " : "What is the capital of ") + (withArticle.Contains(code) ? "the " : "") + name + "?";

    text.Append(CultureInfo.InvariantCulture, $"  - id: {code.ToLowerInvariant()}\n    name: {Scalar(name)}\n    category: {region}\n");
    text.Append(CultureInfo.InvariantCulture, $"    text: {Scalar(question + (isDoor ? " (This one is a door.)" : ""))}\n");
    if (isFar || isGiven) text.Append(CultureInfo.InvariantCulture, $"    points: {(isGiven ? 1 : 3)}\n");
    text.Append(CultureInfo.InvariantCulture, $"    answers: [{string.Join(", ", Accepted(country).Select(Scalar))}]\n");
    if (isFar) text.Append(CultureInfo.InvariantCulture, $"    unlock: {{ all_of: [{doorOf[region].ToLowerInvariant()}] }}\n");
}

// What the table says, what is listed above, and 'St' for 'Saint'.
IEnumerable<string> Accepted(Country country)
{
    var names = country.Capitals.Concat(alsoRight.GetValueOrDefault(country.Code, []));
    return names.SelectMany(name => new[] { name, name.StartsWith("Saint", StringComparison.Ordinal) ? "St" + name[5..] : name.Replace("St. ", "Saint ", StringComparison.Ordinal) }).Distinct();
}

static string Scalar(string value) => value.AsSpan().IndexOfAny("'\",:[]{}#|*&!%@`") >= 0 || value.StartsWith('-') ? $"'{value.Replace("'", "''")}'" : value;

// A comma between quotes belongs to the field; the table has no quotes inside quotes.
static string[] Fields(string line)
{
    var fields = new List<StringBuilder> { new() };
    var quoted = false;
    foreach (var c in line)
    {
        if (c == '"') quoted = !quoted;
        else if (c == ',' && !quoted) fields.Add(new StringBuilder());
        else fields[^1].Append(c);
    }
    return [.. fields.Select(field => field.ToString())];
}

record Country(string Code, string Name, string[] Capitals, string Region);
