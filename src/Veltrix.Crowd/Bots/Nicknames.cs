namespace Veltrix.Crowd;

/// <summary>Names as people at a hunt choose them; the same number gives the same name, and no two of a crowd share one.</summary>
static class Nicknames
{
    static readonly string[] Given =
    [
        "Ada", "Amir", "Anouk", "Björn", "Chidi", "Dana", "Emre", "Farah", "Grete", "Hana", "Imani", "Ines", "Jörg", "Juno", "Kofi", "Lena", "Łukasz", "Mei", "Milo", "Nadia",
        "Noor", "Olu", "Pia", "Quinn", "Rafa", "Rosa", "Sami", "Suki", "Tariq", "Tove", "Uma", "Vera", "Wim", "Xenia", "Yara", "Zoë", "Žofie", "Αλέξης", "Мила", "さくら",
    ];

    static readonly string[] Epithets =
    [
        "the Owl", "on foot", "& Co", "of Lima", "maps", "in fog", "🧭", "the 2nd", "wanders", "northbound", "the Late", "ahoy", "at dawn", "🦊", "by rail", "uncharted", "the Bold",
        "sleuths", "and dog", "far out",
    ];

    public static string Of(int number)
    {
        int within = number % (Given.Length * Epithets.Length);
        // Each given name in turn, with an epithet that moves on: the first forty bots already look mixed.
        string name = $"{Given[within % Given.Length]} {Epithets[(within / Given.Length + within) % Epithets.Length]}";
        int round = number / (Given.Length * Epithets.Length);
        return round == 0 ? name : $"{name} {round + 1}";
    }
}
