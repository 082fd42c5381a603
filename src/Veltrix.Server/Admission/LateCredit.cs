using Veltrix.Hosting;

namespace Veltrix.Server.Admission;

/// <summary>What a team gets back of the time that its first member waited for a seat.</summary>
static class LateCredit
{
    /// <summary>The most that waiting earns now; zero with one clock for all.</summary>
    public static TimeSpan Most(Settings settings, string hunt) =>
        settings.Get(Keys.LateCredit, hunt) == "personal" ? settings.Get(Keys.LateCreditMax, hunt) : TimeSpan.Zero;

    /// <summary>What a wait earns now.</summary>
    public static TimeSpan For(TimeSpan wait, Settings settings, string hunt) => Most(settings, hunt) is var most && wait < most ? wait : most;
}
