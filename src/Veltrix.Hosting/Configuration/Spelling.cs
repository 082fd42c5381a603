namespace Veltrix.Hosting;

/// <summary>Which known word a misspelt one is nearest to. <c>Veltrix.Hunts</c> has one of its own, since neither project knows the other.</summary>
static class Spelling
{
    /// <summary>Null if none is near: one slip in a short word, three in a long one.</summary>
    public static string? Nearest(string written, IEnumerable<string> known)
    {
        var plain = Plain(written);
        var enough = plain.Length switch { <= 4 => 1, <= 8 => 2, _ => 3 };
        return known.Select(word => (Word: word, Slips: Slips(plain, Plain(word)))).Where(near => near.Slips <= enough).OrderBy(near => near.Slips).FirstOrDefault().Word;
    }

    public static string Plain(string word) => word.ToLowerInvariant().Replace('-', '_').Replace(' ', '_').Replace('.', '_');

    /// <summary>Letters to insert, delete, change, or swap with the next.</summary>
    static int Slips(string a, string b)
    {
        var slips = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) slips[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) slips[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
            for (var j = 1; j <= b.Length; j++)
            {
                slips[i, j] = Math.Min(Math.Min(slips[i - 1, j], slips[i, j - 1]) + 1, slips[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) slips[i, j] = Math.Min(slips[i, j], slips[i - 2, j - 2] + 1);
            }

        return slips[a.Length, b.Length];
    }
}
