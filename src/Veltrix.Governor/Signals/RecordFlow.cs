using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Signals;

/// <summary>What the crowd sends, by how much the submissions log has grown between two reports. Not thread-safe.</summary>
public sealed class RecordFlow
{
    /// <summary>Two reports that are nearer say more about the moment they were made than about the flow.</summary>
    const double IntervalMin = 1;

    (long Count, double At)? from;

    /// <summary>The flow since this was last asked; null where that is not known: the first time, too soon, or where the count began anew.</summary>
    public Flow? Next((long Count, double At)? told)
    {
        if (told is not { } now || (from is { } same && now.At - same.At is >= 0 and < IntervalMin)) return null;
        var before = from;
        from = now;
        return before is { } known && now.At > known.At && now.Count >= known.Count ? new Flow((now.Count - known.Count) / (now.At - known.At), known.At, now.At) : null;
    }
}
