using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Veltrix.Hosting;

/// <summary>The path of a file, or <c>none</c>, which programs get as the empty text. Whether there is such a file is looked up when it is needed.</summary>
public sealed record FilePath() : Notation<string>("string", string.Create(CultureInfo.InvariantCulture, $"none, or a path of at most {LengthMax:N0} characters"))
{
    public const int LengthMax = 1_000;

    public override bool TryRead(string text, [MaybeNullWhen(false)] out string value, [NotNullWhen(false)] out string? fault)
    {
        value = text == "none" ? "" : text;
        fault = text.Length is 0 or > LengthMax || text.Any(char.IsControl) ? $"is no path; {Range} is allowed" : null;
        return fault is null;
    }

    public override string Write(string value) => value.Length == 0 ? "none" : value;
}
