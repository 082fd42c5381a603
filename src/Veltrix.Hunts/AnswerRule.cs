using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Veltrix.Hunts;

/// <summary>Differences between two texts that do not make one of them wrong. <see cref="None"/>: equal code for code, or not equal.</summary>
[Flags]
public enum Normalisation
{
    None = 0,

    /// <summary>Upper and lower case, and the full-width letters and digits of East Asian keyboards.</summary>
    Case = 1,

    /// <summary>White space and what is invisible, anywhere: <c>New York</c>, <c> newyork</c>.</summary>
    Space = 2,

    /// <summary>Marks on letters, and letters that are written plain where a keyboard lacks them: <c>Łódź</c>, <c>lodz</c>; <c>Straße</c>, <c>strasse</c>.
    /// Marks that make another sound (Japanese, Thai and Indic scripts) stay.</summary>
    Accents = 4,

    /// <summary>Punctuation and apostrophes, except inside numbers (<c>3.14</c>, <c>-5</c>) and the signs that are words: <c># % &amp; @</c>.</summary>
    Punctuation = 8,

    All = Case | Space | Accents | Punctuation,
}

/// <summary>
/// What answers a challenge: any of some accepted texts, up to a <see cref="Normalisation"/>. Immutable; safe from any thread.
/// The accepted texts are brought to their normal form once, so that a guess costs one pass over its characters, on the stack, and one look-up.
/// </summary>
public sealed class AnswerRule
{
    /// <summary>Longest answer, in UTF-16 units, that can be accepted. A longer guess is wrong.</summary>
    public const int LengthMax = 400;

    // Canonical decomposition makes at most 4 units of 1, and ß → ss, æ → ae happen only to letters that did not decompose.
    const int FoldedMax = 4 * LengthMax;

    readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> forms;

    AnswerRule(ImmutableArray<string> accepted, Normalisation normalise)
    {
        Accepted = accepted;
        Normalise = normalise;
        forms = accepted.Select(text => Normal(text, normalise)).ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The accepted texts as the author wrote them; the first is the one to show.</summary>
    public ImmutableArray<string> Accepted { get; }

    public Normalisation Normalise { get; }

    /// <summary>Any of these texts is right.</summary>
    /// <exception cref="ArgumentException">No text, one longer than <see cref="LengthMax"/>, not Unicode, or nothing left of one after normalisation.</exception>
    public static AnswerRule Text(IEnumerable<string> accepted, Normalisation normalise = Normalisation.All)
    {
        ImmutableArray<string> texts = [.. accepted];
        if (texts.IsEmpty) throw new ArgumentException("A challenge needs at least one accepted answer.", nameof(accepted));
        foreach (var text in texts)
            if (Normal(text, normalise).Length == 0)
                throw new ArgumentException($"Nothing is left of the answer '{text}' after normalisation ({normalise}); every guess without letters would be right.", nameof(accepted));
        return new AnswerRule(texts, normalise);
    }

    /// <summary>Whether a hunter's guess is right. Never throws, whatever the guess.</summary>
    public bool Accepts(ReadOnlySpan<char> answer)
    {
        if (answer.Length > LengthMax) return false;
        if (Normalise == Normalisation.None) return forms.Contains(answer);
        Span<char> folded = stackalloc char[FoldedMax];
        return TryFold(answer, Normalise, folded, out var length) && forms.Contains(folded[..length]);
    }

    /// <summary>The form in which two texts are compared: two answers with equal normal forms are the same answer.</summary>
    /// <exception cref="ArgumentException">Longer than <see cref="LengthMax"/>, or no Unicode (half of a surrogate pair, U+FFFE).</exception>
    public static string Normal(string text, Normalisation normalise)
    {
        if (text.Length > LengthMax) throw new ArgumentException($"An answer has at most {LengthMax} characters; this one has {text.Length}.", nameof(text));
        if (normalise == Normalisation.None) return text;
        Span<char> folded = stackalloc char[FoldedMax];
        return TryFold(text, normalise, folded, out var length)
            ? folded[..length].ToString()
            : throw new ArgumentException("The answer is not well-formed Unicode.", nameof(text));
    }

    static bool TryFold(ReadOnlySpan<char> text, Normalisation how, Span<char> folded, out int length)
    {
        length = 0;
        Span<char> decomposed = stackalloc char[FoldedMax];
        if (Ascii.IsValid(text))
        {
            text.CopyTo(decomposed);
            decomposed = decomposed[..text.Length];
        }
        else
        {
            if (!PlainText.IsNormalisable(text) || !text.TryNormalize(decomposed, out var written, NormalizationForm.FormD)) return false;
            decomposed = decomposed[..written];
        }

        var before = default(Rune); // the last one that was kept; marks aside
        for (ReadOnlySpan<char> rest = decomposed; !rest.IsEmpty;)
        {
            Rune.DecodeFromUtf16(rest, out var rune, out var units);
            rest = rest[units..];
            if (how.HasFlag(Normalisation.Case)) rune = FoldCase(rune);
            if (how.HasFlag(Normalisation.Space) && IsBlank(rune)
                || how.HasFlag(Normalisation.Accents) && IsAccent(rune)
                || how.HasFlag(Normalisation.Punctuation) && IsPunctuation(rune) && !IsInNumber(before, rune, rest)) continue;
            if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark) before = rune;
            if (how.HasFlag(Normalisation.Accents) && Plain(rune) is { } plain)
            {
                plain.CopyTo(folded[length..]);
                length += plain.Length;
            }
            else
            {
                length += rune.EncodeToUtf16(folded[length..]);
            }
        }
        return true;
    }

    // Up and down again, so that letters with two lower-case forms (Greek σ and ς) meet.
    static Rune FoldCase(Rune rune)
    {
        if (rune.Value is >= 0xFF01 and <= 0xFF5E) rune = new Rune(rune.Value - 0xFEE0);
        return Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune));
    }

    static bool IsBlank(Rune rune) =>
        Rune.IsWhiteSpace(rune) || rune.Value is >= 0xFE00 and <= 0xFE0F || !rune.IsAscii && Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format;

    // The marks of Latin, Greek and Cyrillic; the optional points of Hebrew and Arabic. A kana's voicing or a Thai vowel is not an accent.
    static bool IsAccent(Rune rune) => rune.Value is
        >= 0x0300 and <= 0x036F or >= 0x1AB0 and <= 0x1AFF or >= 0x1DC0 and <= 0x1DFF or >= 0x20D0 and <= 0x20FF or >= 0xFE20 and <= 0xFE2F
        or >= 0x0591 and <= 0x05BD or 0x05BF or 0x05C1 or 0x05C2 or 0x05C4 or 0x05C5 or 0x05C7
        or 0x0640 or >= 0x064B and <= 0x065F or 0x0670 or >= 0x06D6 and <= 0x06DC or >= 0x06DF and <= 0x06E4;

    static bool IsPunctuation(Rune rune) => rune.Value switch
    {
        '#' or '%' or '&' or '@' => false,
        '`' or '\u00B4' or >= 0x02B9 and <= 0x02BF => true, // typed or printed as apostrophes
        _ => Rune.GetUnicodeCategory(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation
            or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
            or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation,
    };

    // A mark between two digits, or a sign or point that begins a number: 12:30, 3.14, -5, .5.
    static bool IsInNumber(Rune before, Rune mark, ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty || !char.IsDigit(rest[0])) return false;
        return Rune.IsDigit(before) || mark.Value is '-' or '.' or ',' && !Rune.IsLetter(before);
    }

    /// <summary>What people type for a letter that has no decomposition. Upper case too, for rules that tell cases apart.</summary>
    static string? Plain(Rune letter) => letter.Value switch
    {
        < 0x80 => null,
        'ß' => "ss", 'ẞ' => "SS",
        'æ' => "ae", 'Æ' => "AE",
        'œ' => "oe", 'Œ' => "OE",
        'ø' => "o", 'Ø' => "O",
        'ł' => "l", 'Ł' => "L",
        'đ' or 'ð' => "d", 'Đ' or 'Ð' => "D",
        'þ' => "th", 'Þ' => "Th",
        'ħ' => "h", 'Ħ' => "H",
        'ı' => "i",
        _ => null,
    };
}
