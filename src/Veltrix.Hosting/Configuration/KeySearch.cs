namespace Veltrix.Hosting;

/// <summary>Finds the key that somebody means, also where he does not know its name.</summary>
public static class KeySearch
{
    /// <summary>Longest text that is compared with all names.</summary>
    const int WrittenMax = 100;

    // Words of other systems, and of those who guess.
    static readonly Dictionary<string, Key> otherNames = new(StringComparer.Ordinal)
    {
        ["max_players"] = Keys.MaxConcurrentHunters, ["max_hunters"] = Keys.MaxConcurrentHunters, ["max_concurrent_players"] = Keys.MaxConcurrentHunters,
        ["ceiling"] = Keys.MaxConcurrentHunters, ["capacity"] = Keys.MaxConcurrentHunters, ["limit"] = Keys.MaxConcurrentHunters, ["max_users"] = Keys.MaxConcurrentHunters,
        ["floor"] = Keys.LimitFloorRatio, ["min_limit"] = Keys.LimitFloorRatio, ["policy"] = Keys.Policy, ["pin"] = Keys.PinLimit, ["weight"] = Keys.RoomWeight,
        ["grace"] = Keys.SeatGrace, ["cadence"] = Keys.BoardCadence, ["maxmemory"] = Keys.RedisBudget, ["max_connections"] = Keys.MaxConnectionsPerServer, ["lottery"] = Keys.WaitingLottery,
    };

    /// <summary>The key that is most probably meant by a name that is none; null if no guess is good.</summary>
    public static Key? Nearest(string written)
    {
        if (written.Length is 0 or > WrittenMax) return null;
        var plain = Spelling.Plain(written);
        if (Keys.All.FirstOrDefault(key => Spelling.Plain(key.Name) == plain) is { } same) return same;
        if (otherNames.TryGetValue(plain, out var other)) return other;
        // The end of one name only, such as redis_memory.soft, or one name cut short.
        if (Single(key => Spelling.Plain(key.Name).EndsWith("_" + plain, StringComparison.Ordinal)) is { } ended) return ended;
        if (plain.Length >= 4 && Single(key => Spelling.Plain(key.Name).StartsWith(plain, StringComparison.Ordinal)) is { } begun) return begun;
        return Spelling.Nearest(written, Keys.All.Select(key => key.Name)) is { } near ? Keys.Find(near) : null;
    }

    /// <summary>Keys whose name, unit or sentence holds all the words: those with them in the name first.</summary>
    public static IReadOnlyList<Key> Mentioning(string text)
    {
        var words = text.Split([' ', '_', '.', '-'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length == 0) return [];
        return [.. Keys.All.Where(key => All(words, $"{key.Name} {key.Unit} {key.Sentence}")).OrderBy(key => All(words, key.Name) ? 0 : 1)];

        static bool All(string[] words, string within) => words.All(word => within.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The key of this name; otherwise null, and a fault that says which is meant.</summary>
    internal static Key? Find(Written written, ConfigFaults faults)
    {
        if (Keys.Find(written.Name) is { } key) return key;
        var shown = written.Name.Length > WrittenMax ? written.Name[..WrittenMax] + "…" : written.Name;
        if (IsGroup(written.Name))
            faults.Add(written, $"'{shown}' is a group of keys and has no value of its own.", $"Write its keys below it, such as '{Keys.All.First(member => member.Name.StartsWith(written.Name + ".", StringComparison.Ordinal)).Name}'.");
        else
            faults.Add(written, $"'{shown}' is no key.", Nearest(written.Name) is { } meant ? $"Did you mean '{meant.Name}'?" : "'veltrix config list' shows all there are.");
        return null;
    }

    internal static bool IsGroup(string name) => Keys.All.Any(key => key.Name.StartsWith(name + ".", StringComparison.Ordinal));

    static Key? Single(Func<Key, bool> fits) => Keys.All.Where(fits).Take(2).ToList() is [var only] ? only : null;
}
