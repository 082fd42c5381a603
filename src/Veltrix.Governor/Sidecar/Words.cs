using System.Globalization;
using System.Text;

namespace Veltrix.Governor.Sidecar;

/// <summary>How names and numbers are written for people, metrics and files: the same in every country.</summary>
static class Words
{
    /// <summary><c>RedisMemory</c> as <c>redis_memory</c>.</summary>
    public static string Snake<T>(T value) where T : struct, Enum => Names<T>.Snake[value];

    /// <summary><c>31,200</c></summary>
    public static string Whole(double number) => Math.Round(number).ToString("N0", CultureInfo.InvariantCulture);

    /// <summary><c>31,200 → 29,800: redis memory 0.83 of 0.80</c></summary>
    public static string Change(double from, double to, string reason) =>
        Math.Round(from) == Math.Round(to) ? $"{Whole(to)} stays: {reason}" : $"{Whole(from)} → {Whole(to)}: {reason}";

    static class Names<T> where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Snake = Enum.GetValues<T>().ToDictionary(value => value, value => Split(value.ToString()));
    }

    static string Split(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
