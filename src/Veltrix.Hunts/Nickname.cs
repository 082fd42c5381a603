using System.Globalization;
using System.Text;

namespace Veltrix.Hunts;

/// <summary>
/// The name of a hunter or a team, as everybody sees it on the board. Any script and emoji; nothing that is invisible, turns its neighbours round or
/// piles up over them. Two names may look alike: names are for reading, never for telling hunters apart.
/// </summary>
public static class Nickname
{
    /// <summary>Most letters as a reader counts them (grapheme clusters).</summary>
    public const int GraphemesMax = 24;

    /// <summary>Most bytes of UTF-8: a single grapheme can be as long as one likes.</summary>
    public const int BytesMax = 192;

    /// <summary>Most combining marks on one letter. Hebrew and Thai need three; a pile of them runs into the lines above and below.</summary>
    public const int MarksMax = 4;

    // Nobody means a longer text as a name; it is refused before any work is done on it.
    const int UnitsMax = 1_024;

    const int ZeroWidthNonJoiner = 0x200C, ZeroWidthJoiner = 0x200D, BlackFlag = 0x1F3F4;

    /// <summary>The name in normal form C, trimmed, with single spaces; or a sentence for its owner that says what is wrong and what the limit is.</summary>
    public static bool TryParse(string text, out string nickname, out string fault)
    {
        nickname = "";
        if (text.Length > UnitsMax)
        {
            fault = $"A name has at most {GraphemesMax} letters; this is a text of {text.Length}.";
            return false;
        }
        if (!PlainText.IsNormalisable(text))
        {
            fault = "The name holds something that is no character: half of a surrogate pair, or U+FFFE.";
            return false;
        }

        var normal = text.Normalize(NormalizationForm.FormC).Trim();
        if (Intruder(normal) is { } intruder)
        {
            fault = $"The name holds {intruder}, which a name cannot have.";
            return false;
        }

        var name = SingleSpaced(normal);
        var graphemes = new StringInfo(name).LengthInTextElements;
        var bytes = Encoding.UTF8.GetByteCount(name);
        fault =
            !name.EnumerateRunes().Any(IsVisible) ? "The name is empty: it needs a letter, a digit or a symbol that can be seen."
            : graphemes > GraphemesMax ? $"The name has {graphemes} letters; the most is {GraphemesMax}."
            : bytes > BytesMax ? $"The name takes {bytes} bytes; the most is {BytesMax}. Emoji made of several others take many."
            : "";
        if (fault != "") return false;
        nickname = name;
        return true;
    }

    static string? Intruder(string text)
    {
        var runes = text.EnumerateRunes().ToArray();
        var marks = 0;
        var isFlag = false; // between a black flag and the end of its tags
        for (var i = 0; i < runes.Length; i++)
        {
            var rune = runes[i];
            isFlag = rune.Value == BlackFlag || isFlag && IsTag(rune);
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                    return $"the control character {PlainText.Code(rune)}";
                case UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned:
                    return $"{PlainText.Code(rune)}, which has no agreed meaning";
                case UnicodeCategory.Format when PlainText.IsBidiControl(rune):
                    return $"the direction control {PlainText.Code(rune)}";
                case UnicodeCategory.Format when !(isFlag && IsTag(rune)) && !IsJoiner(runes, i):
                    return $"the invisible character {PlainText.Code(rune)}";
                case UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark:
                    if (i == 0) return "a mark without a letter before it";
                    if (++marks > MarksMax) return $"more than {MarksMax} marks on one letter";
                    if (rune.Value == 0x034F) return "the invisible character U+034F";
                    break;
                default:
                    if (IsFiller(rune)) return $"the invisible character {PlainText.Code(rune)}";
                    marks = 0;
                    break;
            }
        }
        return null;
    }

    /// <summary>Inside an emoji (family, profession), or between letters of scripts that join: Persian and the Indic ones spell with joiners.</summary>
    static bool IsJoiner(Rune[] runes, int i)
    {
        if (runes[i].Value is not (ZeroWidthJoiner or ZeroWidthNonJoiner) || i == 0 || i == runes.Length - 1) return false;
        return IsJoining(runes[i - 1]) && IsJoining(runes[i + 1])
            || runes[i].Value == ZeroWidthJoiner && IsEmoji(runes[i - 1]) && IsEmoji(runes[i + 1]);
    }

    static bool IsJoining(Rune rune) =>
        rune.Value is (>= 0x0600 and <= 0x0DFF) or (>= 0xA8E0 and <= 0xA8FF) && (Rune.IsLetter(rune) || IsMark(rune));

    // Pictographs, skin tones, and the selector that makes a sign a picture.
    static bool IsEmoji(Rune rune) => rune.Value is >= 0x1F000 and <= 0x1FAFF or >= 0x2190 and <= 0x2BFF or 0xFE0F;

    static bool IsTag(Rune rune) => rune.Value is >= 0xE0020 and <= 0xE007F;

    static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    // Letters and symbols by category, and yet nothing to see: Hangul fillers and the empty Braille pattern.
    static bool IsFiller(Rune rune) => rune.Value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800;

    static bool IsVisible(Rune rune) => Rune.IsLetterOrDigit(rune) || Rune.IsNumber(rune) || Rune.IsSymbol(rune) || Rune.IsPunctuation(rune);

    static string SingleSpaced(string text)
    {
        var spaced = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            var space = char.IsWhiteSpace(c);
            if (!space) spaced.Append(c);
            else if (spaced.Length == 0 || spaced[^1] != ' ') spaced.Append(' ');
        }
        return spaced.ToString();
    }
}
