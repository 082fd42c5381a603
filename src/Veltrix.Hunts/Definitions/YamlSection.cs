using System.Collections.Immutable;
using System.Globalization;

namespace Veltrix.Hunts;

/// <summary>
/// One map of a hunt file and the keys it may have. Asking for a key reads its value as what the caller wants, or notes a fault and answers as if the key
/// were not there, so that reading goes on and finds the next fault.
/// </summary>
sealed class YamlSection
{
    // What authors write who come from other tools, or who guess.
    static readonly Dictionary<string, string[]> synonyms = new(StringComparer.OrdinalIgnoreCase)
    {
        ["answer"] = ["answers"], ["flag"] = ["answers"], ["flags"] = ["answers"], ["solution"] = ["answers"], ["solutions"] = ["answers"],
        ["value"] = ["points"], ["score"] = ["points"], ["worth"] = ["points"],
        ["question"] = ["text"], ["body"] = ["text"], ["prompt"] = ["text"],
        ["description"] = ["text"], ["text"] = ["description"], ["name"] = ["title"], ["title"] = ["name"], ["id"] = ["hunt"],
        ["tries"] = ["attempts"], ["max_attempts"] = ["attempts"], ["normalize"] = ["normalise"],
        ["requires"] = ["unlock"], ["requirements"] = ["unlock"], ["needs"] = ["unlock"], ["after"] = ["unlock"], ["depends_on"] = ["unlock"],
        ["start"] = ["opens"], ["starts"] = ["opens"], ["end"] = ["closes"], ["ends"] = ["closes"],
        ["teams"] = ["team_size"], ["questions"] = ["challenges"], ["puzzles"] = ["challenges"], ["all"] = ["all_of"],
    };

    readonly Dictionary<string, (YamlText Key, YamlNode Value)> entries = new(StringComparer.Ordinal);
    readonly HashSet<string> misspelt = new(StringComparer.Ordinal);
    readonly YamlMap map;
    readonly Faults faults;

    /// <param name="map">Where it is written.</param>
    /// <param name="name">As messages call it: <c>the hunt</c>, <c>challenge 'c01'</c>.</param>
    /// <param name="keys">Those it may have. Others are faults, and so is a key that stands twice.</param>
    /// <param name="faults">Where they are noted.</param>
    public YamlSection(YamlMap map, string name, string[] keys, Faults faults)
    {
        this.map = map;
        this.faults = faults;
        Name = name;
        foreach (var (key, value) in map.Entries)
        {
            if (!keys.Contains(key.Value)) AddUnknown(key, keys);
            else if (!entries.TryAdd(key.Value, (key, value)))
                faults.Add(key, $"'{key.Value}' stands twice in {name}; it is already in line {entries[key.Value].Key.Line}.", "Keep one of the two.");
        }
    }

    public string Name { get; }

    /// <summary>Where the key's value stands, or the section itself if the key is not there.</summary>
    public YamlNode At(string key) => entries.TryGetValue(key, out var entry) ? entry.Value : map;

    public bool Has(string key) => entries.ContainsKey(key);

    /// <summary>Notes a fault if the key is not there, not even misspelt.</summary>
    public void Require(string key, string remedy)
    {
        if (!Has(key) && !misspelt.Contains(key)) faults.Add(map, $"'{key}' is missing in {Name}.", remedy);
    }

    /// <summary>A text on one line, trimmed.</summary>
    public string? Line(string key, int lengthMax) => Text(key, lengthMax, lines: false)?.Trim();

    /// <summary>A text of any number of lines. White space at its end is dropped, since YAML's <c>|</c> leaves a line break there.</summary>
    public string? Prose(string key, int lengthMax) => Text(key, lengthMax, lines: true)?.TrimEnd();

    public YamlText? Word(string key) =>
        As<YamlText>(key, "one text", "Write it as one text; put texts that hold ': ' or begin with [ or { in 'single quotes', or below '|'.");

    public int? Whole(string key, int least, int most, string? orWord = null)
    {
        if (Word(key) is not { } text) return null;
        if (int.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
        var wanted = Invariant($"a whole number from {least:N0} to {most:N0}") + (orWord is null ? "" : $", or '{orWord}'");
        faults.Add(text, $"'{key}' is {PlainText.Shown(text.Value)}; it must be {wanted}.",
            $"Write for example '{key}: {Math.Clamp(2, least, most)}'{(orWord is null ? "" : $" or '{key}: {orWord}'")}, without separators or units.");
        return null;
    }

    public bool? Flag(string key)
    {
        if (Word(key) is not { } text) return null;
        if (text.Value is "true" or "false") return text.Value == "true";
        faults.Add(text, $"'{key}' is {PlainText.Shown(text.Value)}; it must be true or false.", $"Write '{key}: true', or leave the key out.");
        return null;
    }

    /// <summary>A time with its offset from UTC, in milliseconds since 1970.</summary>
    public long? Time(string key)
    {
        const string example = "2026-12-01T18:00:00";
        if (Word(key) is not { } text) return null;
        var value = text.Value;
        string[] clocks = ["yyyy-MM-dd'T'HH:mm:ss.FFF", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd HH:mm:ss.FFF", "yyyy-MM-dd HH:mm"];
        if (DateTimeOffset.TryParseExact(value, [.. clocks.Select(clock => clock + "zzz"), .. clocks.Select(clock => clock + " zzz")], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            || value.EndsWith('Z') && DateTimeOffset.TryParseExact(value[..^1], clocks, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time))
        {
            if (time.Year is >= 1970 and < 2200) return time.ToUnixTimeMilliseconds();
            faults.Add(text, $"'{key}' is in the year {time.Year}; hunts are held between 1970 and 2199.", "Check the year.");
        }
        else if (DateTime.TryParseExact(value, clocks, CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            faults.Add(text, $"'{key}' is {PlainText.Shown(value)}, which is another moment in every time zone.", $"Add the offset from UTC: '{value}Z' for UTC itself, '{value}+01:00' for one hour east of it.");
        }
        else
        {
            faults.Add(text, $"'{key}' is {PlainText.Shown(value)}; it must be a date, a time and the offset from UTC.", $"Write for example '{key}: {example}Z' or '{key}: {example}+01:00'.");
        }
        return null;
    }

    /// <summary>A list of texts; a single text is a list of one. Default if it is not there or nothing in it can be read.</summary>
    public ImmutableArray<YamlText> Texts(string key)
    {
        switch (Given(key))
        {
            case YamlText text:
                return [text];
            case YamlList list:
                foreach (var item in list.Items)
                    if (item is YamlList or YamlMap)
                        faults.Add(item, $"'{key}' in {Name} holds {Kind(item)} where a text belongs.", "Put texts that hold ': ' or begin with [ or { in 'single quotes'.");
                ImmutableArray<YamlText> texts = [.. list.Items.OfType<YamlText>()];
                return texts.IsEmpty && !list.Items.IsEmpty ? default : texts;
            case YamlMap map:
                faults.Add(map, $"'{key}' in {Name} is a map; it must be a text or a list of texts.", $"Write '{key}: [one, another]', or each below '{key}:' behind '- '.");
                return default;
            default:
                return default;
        }
    }

    public YamlMap? Map(string key, string example) => As<YamlMap>(key, "a map of keys and values", $"Write for example '{key}: {example}'.");

    public YamlList? List(string key) => As<YamlList>(key, "a list", $"Begin each entry below '{key}:' with '- '.");

    T? As<T>(string key, string wanted, string remedy) where T : YamlNode
    {
        var value = Given(key);
        if (value is not null and not T) faults.Add(value, $"'{key}' in {Name} is {Kind(value)}; it must be {wanted}.", remedy);
        return value as T;
    }

    /// <summary>What the author wrote for the key. Null if nothing; that is a fault where the key itself is written.</summary>
    YamlNode? Given(string key)
    {
        if (!entries.TryGetValue(key, out var entry) || entry.Value is YamlUnread) return null;
        if (entry.Value is not YamlText { Value: "", Plain: true }) return entry.Value;
        faults.Add(entry.Value, $"'{key}' in {Name} has no value.", "Write one behind the colon, or leave the key out.");
        return null;
    }

    string? Text(string key, int lengthMax, bool lines)
    {
        if (Word(key) is not { } text) return null;
        var value = lines ? text.Value : text.Value.Trim();
        if (string.IsNullOrWhiteSpace(value)) faults.Add(text, $"'{key}' in {Name} is empty.", "Write something, or leave the key out.");
        else if (value.Length > lengthMax)
            faults.Add(text, Invariant($"'{key}' in {Name} has {value.Length:N0} characters; the most is {lengthMax:N0}."), "Shorten it.");
        else if (PlainText.Intruder(value, lines) is { } intruder)
            faults.Add(text, $"'{key}' in {Name} holds {intruder}.", lines ? "Delete it." : "Delete it; this text is shown on one line.");
        else return value;
        return null;
    }

    void AddUnknown(YamlText key, string[] keys)
    {
        if (key.Value == "<<")
        {
            faults.Add(key, "'<<' is a YAML merge key; hunt files have none.", "Write the keys out, or use 'defaults'.");
            return;
        }
        var meant = synonyms.GetValueOrDefault(key.Value, []).FirstOrDefault(keys.Contains) ?? Suggestion.For(key.Value, keys);
        if (meant is not null) misspelt.Add(meant);
        faults.Add(key, $"{PlainText.Shown(key.Value)} is no key of {Name}.", (meant is null ? "" : $"Did you mean '{meant}'? ") + $"The keys here are {string.Join(", ", keys)}.");
    }

    static string Kind(YamlNode node) => node switch { YamlList => "a list", YamlMap => "a map", _ => "a text" };

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
