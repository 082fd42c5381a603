using System.Buffers;
using System.Globalization;
using System.Text;

namespace Veltrix.Hunts;

/// <summary>What may stand in texts that people show to each other.</summary>
static class PlainText
{
    /// <summary>Embeddings, overrides, isolates and marks that turn the direction of the text around them.</summary>
    public static bool IsBidiControl(Rune rune) => rune.Value is 0x061C or 0x200E or 0x200F or >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069;

    /// <summary>Whether Unicode normalisation takes the text: it throws on half surrogate pairs and on U+FFFE.</summary>
    public static bool IsNormalisable(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out var rune, out var units) != OperationStatus.Done || rune.Value == 0xFFFE) return false;
            text = text[units..];
        }
        return true;
    }

    /// <summary>The first thing that does not belong into a text, in words; null if there is none.</summary>
    /// <param name="text">Any text, also one that is not well-formed UTF-16.</param>
    /// <param name="lines">Whether it may have several lines and tabs; then direction controls are the author's business too.</param>
    public static string? Intruder(ReadOnlySpan<char> text, bool lines)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out var rune, out var units) != OperationStatus.Done) return "half of a surrogate pair";
            text = text[units..];
            if (lines && rune.Value is '\n' or '\t') continue;
            if (rune.Value == '\n') return "a line break";
            if (rune.Value == 0xFFFE) return "U+FFFE, which is no character";
            if (Rune.IsControl(rune)) return $"the control character {Code(rune)}";
            if (lines) continue;
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator) return $"the line separator {Code(rune)}";
            if (IsBidiControl(rune)) return $"the direction control {Code(rune)}";
        }
        return null;
    }

    /// <summary>A value as a message quotes it: on one line, and not too long.</summary>
    public static string Shown(string value)
    {
        const int most = 60;
        var shown = new StringBuilder(most + 2).Append('\'');
        foreach (var rune in value.EnumerateRunes())
        {
            if (shown.Length > most) return shown.Append("…'").ToString();
            if (rune.Value == '\n') shown.Append("\\n");
            else if (Rune.IsControl(rune) || IsBidiControl(rune) || rune == Rune.ReplacementChar) shown.Append('<').Append(Code(rune)).Append('>');
            else shown.Append(rune.ToString());
        }
        return shown.Append('\'').ToString();
    }

    public static string Code(Rune rune) => $"U+{rune.Value:X4}";
}
