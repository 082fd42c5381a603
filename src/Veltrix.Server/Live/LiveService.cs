namespace Veltrix.Server.Live;

/// <summary>What those who are connected to a hunt are sent at present, and how often. Outcomes are not here: they leave at once, whatever the load.</summary>
/// <param name="CadenceMs">Between two boards of one socket.</param>
/// <param name="GraphEvery">Between two graphs of the top; null: none.</param>
/// <param name="Present">How many hunters are here; null: nobody is told.</param>
public readonly record struct LiveService(int CadenceMs, TimeSpan? GraphEvery, long? Present)
{
    /// <summary>The graph is stretched fully, and presence ends.</summary>
    public const double PresenceEnds = 0.5;

    /// <summary>The graph ends.</summary>
    public const double GraphEnds = 0.75;

    public static readonly TimeSpan GraphLeast = TimeSpan.FromSeconds(10), GraphMost = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The ladder of a brownout, 0 to 1: first cadences, then presence, then the graph. The graph stretches from 10 s to 60 s on the way to <see cref="PresenceEnds"/>, three times as much as boards over the whole way;
    /// boards only ever get slower.
    /// </summary>
    /// <param name="least">The cadence of boards in good times.</param>
    /// <param name="most">The same in a full brownout.</param>
    public static LiveService At(double brownout, TimeSpan least, TimeSpan most, long? present)
    {
        var level = Math.Clamp(brownout, 0, 1);
        var cadence = most <= least ? least : least + (most - least) * level;
        var graph = GraphLeast + (GraphMost - GraphLeast) * Math.Min(1, level / PresenceEnds);
        return new LiveService((int)cadence.TotalMilliseconds, level < GraphEnds ? graph : null, level < PresenceEnds ? present : null);
    }
}
