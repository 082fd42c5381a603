namespace Veltrix.Hunts;

/// <summary>"Did you mean …?": the known word that a misspelt one is nearest to.</summary>
public static class Suggestion
{
    /// <summary>The nearest of <paramref name="known"/>, or null if none is near: one slip in a short word, three in a long one.</summary>
    public static string? For(string written, IEnumerable<string> known)
    {
        var plain = Plain(written);
        string? nearest = null;
        var least = plain.Length switch { <= 4 => 1, <= 8 => 2, _ => 3 } + 1;
        foreach (var word in known)
        {
            var slips = Slips(plain, Plain(word), least);
            if (slips < least) (nearest, least) = (word, slips);
        }
        return nearest;
    }

    static string Plain(string word) => word.ToLowerInvariant().Replace('-', '_').Replace(' ', '_');

    /// <summary>Letters to insert, delete, change, or swap with the next (optimal string alignment), or <paramref name="enough"/> once it is at least that.</summary>
    static int Slips(string a, string b, int enough)
    {
        if (Math.Abs(a.Length - b.Length) >= enough) return enough;
        int[] before = [], last = [.. Enumerable.Range(0, b.Length + 1)];
        for (var i = 1; i <= a.Length; i++)
        {
            var row = new int[b.Length + 1];
            var least = row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
                least = Math.Min(least, row[j]);
            }
            if (least >= enough) return enough;
            (before, last) = (last, row);
        }
        return Math.Min(last[b.Length], enough);
    }
}
