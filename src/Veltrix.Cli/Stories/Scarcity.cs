using System.Globalization;

namespace Veltrix.Cli.Stories;

/// <summary>
/// A store that is too small for the crowd, so that one sees the governor at work: the settings for it, and what fills it. About three fifths of the crowd fit under the soft threshold.
/// </summary>
static class Scarcity
{
    const int SessionBytesLeast = 8 * 1024;
    const long AllSessionsLeast = 24L << 20;
    const double FitShare = 0.6;
    const double SoftShare = 0.8;
    const long BaseBytes = 2 << 20;
    const int HuntersLeast = 50;

    /// <summary>Of one hunter: enough that the crowd's are more than what the store takes for itself.</summary>
    public static int SessionBytes(int hunters, int hunts) => (int)Math.Max(SessionBytesLeast, AllSessionsLeast / ((long)Math.Max(HuntersLeast, hunters) * hunts));

    /// <summary>Writes the settings beside the data, to be read and edited like any, and gives the file.</summary>
    /// <param name="hunters">Of each hunt.</param>
    public static string Write(DataHome folder, int hunters, int hunts)
    {
        hunters = Math.Max(HuntersLeast, hunters);
        Directory.CreateDirectory(folder.Path);
        var budget = BaseBytes + (long)(FitShare / SoftShare * hunters * hunts * SessionBytes(hunters, hunts));
        var file = Path.Combine(folder.Path, "scarce.yml");
        File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"""
            # Written by 'veltrix up --scarce': a store that is too small for its crowd. Edit it while the hunts are live; a change acts within seconds.
            max_concurrent_hunters: {hunters}
            redis:
              memory_budget: {budget}

            """));
        return file;
    }
}
