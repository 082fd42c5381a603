using System.Diagnostics.CodeAnalysis;

namespace Veltrix.Hosting;

/// <summary>The whole path of a file, or <c>none</c>, which programs get as the empty text. Whether there is such a file is looked up when it is needed.</summary>
public sealed record FilePath() : Notation<string>("string", "none, or the whole path of a file such as /run/secrets/control")
{
    public const int LengthMax = 1_000;

    public override bool TryRead(string text, [MaybeNullWhen(false)] out string value, [NotNullWhen(false)] out string? fault)
    {
        value = text == "none" ? "" : text;
        var isPath = Path.IsPathFullyQualified(text) && text.Length <= LengthMax && !text.Any(char.IsControl);
        fault = isPath || text == "none" ? null : $"is '{text}'; {Range} is allowed";
        return fault is null;
    }

    public override string Write(string value) => value.Length == 0 ? "none" : value;
}
