namespace Veltrix.Server.Admission;

/// <summary>
/// Whether it is worth asking the gate for a seat: the answer that every join gets first, from memory. Immutable, replaced whole by the turnstile's tick. Those who play never come by here.
/// </summary>
/// <param name="Why">Why it is closed; empty while it is open.</param>
sealed record Door(bool IsOpen, string Why)
{
    /// <summary>How old guidance may be: governors speak every two seconds, and the last limit holds so long without them.</summary>
    public static readonly TimeSpan GuidanceStale = TimeSpan.FromSeconds(30);
}
