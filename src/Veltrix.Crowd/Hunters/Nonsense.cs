namespace Veltrix.Crowd;

/// <summary>Wrong answers that look like words: a number spelt in syllables, so that no two are alike and the same number gives the same word.</summary>
static class Nonsense
{
    const string Consonants = "bdfgklmnprstvzhj";
    const string Vowels = "aeiou";

    /// <summary>Six syllables and more: longer than nearly every real answer, and no place is called <c>babababababa</c>.</summary>
    const int MinSyllables = 6;

    public static string Word(long serial)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(serial);
        Span<char> word = stackalloc char[32];
        int length = 0;
        for (int syllables = 0; serial > 0 || syllables < MinSyllables; syllables++)
        {
            (serial, long digit) = Math.DivRem(serial, Consonants.Length * Vowels.Length);
            word[length++] = Consonants[(int)(digit / Vowels.Length)];
            word[length++] = Vowels[(int)(digit % Vowels.Length)];
        }

        return new string(word[..length]);
    }
}
