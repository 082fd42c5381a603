using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Veltrix.Hosting;

/// <summary>How values of one kind are written and which are allowed.</summary>
/// <param name="JsonType">The type in a JSON schema: <c>integer</c>, <c>number</c>, <c>string</c>, <c>boolean</c>.</param>
public abstract record Notation<T>(string JsonType, string Range)
{
    public abstract bool TryRead(string text, [MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out string? fault);

    public abstract string Write(T value);
}

/// <summary>Whole numbers.</summary>
public sealed record WholeNumber(long Least, long Most) : Notation<long>("integer", string.Create(CultureInfo.InvariantCulture, $"{Least:N0} to {Most:N0}"))
{
    public override bool TryRead(string text, out long value, [NotNullWhen(false)] out string? fault)
    {
        fault = null;
        var read = long.TryParse(text.Replace("_", ""), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
        if (read && value >= Least && value <= Most) return true;
        fault = read ? $"is {text}; {Range} is allowed" : $"is '{text}', which is no whole number; {Range} is allowed";
        return false;
    }

    public override string Write(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A whole number, or <c>none</c>.</summary>
public sealed record WholeNumberOrNone(long Least, long Most) : Notation<long?>("integer", string.Create(CultureInfo.InvariantCulture, $"none, or {Least:N0} to {Most:N0}"))
{
    public override bool TryRead(string text, out long? value, [NotNullWhen(false)] out string? fault)
    {
        (value, fault) = (null, null);
        if (text == "none") return true;
        if (!new WholeNumber(Least, Most).TryRead(text, out var number, out _))
        {
            fault = $"is '{text}'; {Range} is allowed";
            return false;
        }

        value = number;
        return true;
    }

    public override string Write(long? value) => value is { } number ? number.ToString(CultureInfo.InvariantCulture) : "none";
}

/// <summary>Numbers, with <c>.</c> as decimal point.</summary>
public sealed record Number(double Least, double Most) : Notation<double>("number", string.Create(CultureInfo.InvariantCulture, $"{Least:#,0.####} to {Most:#,0.####}"))
{
    public override bool TryRead(string text, out double value, [NotNullWhen(false)] out string? fault)
    {
        fault = null;
        var read = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
        if (read && value >= Least && value <= Most) return true;
        fault = read ? $"is {text}; {Range} is allowed" : $"is '{text}', which is no number; {Range} is allowed";
        return false;
    }

    public override string Write(double value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Lengths of time: <c>500ms</c>, <c>20s</c>, <c>5m</c>, <c>1h30m</c>.</summary>
public sealed record Span(TimeSpan Least, TimeSpan Most) : Notation<TimeSpan>("string", $"{Duration.Write(Least)} to {Duration.Write(Most)}")
{
    public override bool TryRead(string text, out TimeSpan value, [NotNullWhen(false)] out string? fault)
    {
        fault = null;
        var read = Duration.TryParse(text, out value);
        if (read && value >= Least && value <= Most) return true;
        fault = read ? $"is {text}; {Range} is allowed" : $"is '{text}', which is no length of time such as 20s or 5m; {Range} is allowed";
        return false;
    }

    public override string Write(TimeSpan value) => Duration.Write(value);
}

/// <summary><c>on</c> or <c>off</c>; YAML's <c>true</c> and <c>false</c> are read too.</summary>
public sealed record Switch() : Notation<bool>("boolean", "on or off")
{
    public override bool TryRead(string text, out bool value, [NotNullWhen(false)] out string? fault)
    {
        value = text is "on" or "true";
        fault = value || text is "off" or "false" ? null : $"is '{text}'; {Range} is allowed";
        return fault is null;
    }

    public override string Write(bool value) => value ? "on" : "off";
}

/// <summary>One of a few names.</summary>
public sealed record OneOf(params string[] Names) : Notation<string>("string", $"one of {string.Join(", ", Names)}")
{
    public override bool TryRead(string text, [MaybeNullWhen(false)] out string value, [NotNullWhen(false)] out string? fault)
    {
        value = Names.Contains(text) ? text : null;
        fault = value is null ? $"is '{text}'; {Range} is allowed" : null;
        return value is not null;
    }

    public override string Write(string value) => value;
}

/// <summary>Names separated by commas, perhaps none: <c>headroom, linear</c>.</summary>
public sealed record SomeOf(params string[] Names) : Notation<string>("string", $"none, or some of {string.Join(", ", Names)}, separated by commas")
{
    public override bool TryRead(string text, [MaybeNullWhen(false)] out string value, [NotNullWhen(false)] out string? fault)
    {
        var parts = Split(text);
        var strange = parts.FirstOrDefault(part => !Names.Contains(part));
        fault = strange is null ? null : $"names '{strange}'; {Range} is allowed";
        value = fault is null ? string.Join(", ", parts) : null;
        return fault is null;
    }

    public override string Write(string value) => value.Length == 0 ? "none" : value;

    public static string[] Split(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(part => part != "none").Distinct()];
}

/// <summary>Text of a given form; or <c>none</c>, which is the empty one, where that may be.</summary>
/// <param name="Pattern">A regular expression for the whole of it.</param>
/// <param name="Example">One that is allowed.</param>
public sealed record FreeText(string Pattern, string Range, string Example, bool MayBeNone = true) : Notation<string>("string", Range)
{
    readonly Regex whole = new($@"^(?:{Pattern})\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    public override bool TryRead(string text, [MaybeNullWhen(false)] out string value, [NotNullWhen(false)] out string? fault)
    {
        value = MayBeNone && text is "none" or "" ? "" : whole.IsMatch(text) ? text : null;
        fault = value is null ? $"is '{text}'; {Range} is allowed" : null;
        return value is not null;
    }

    public override string Write(string value) => value.Length == 0 ? "none" : value;
}
