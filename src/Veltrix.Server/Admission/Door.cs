namespace Veltrix.Server.Admission;

/// <summary>
/// Whether it is worth asking the gate for a seat: the answer that every join gets first, from memory. Immutable, replaced whole by the turnstile's tick.
/// </summary>
/// <param name="Why">Why it is closed; empty while it is open.</param>
/// <param name="GoodUntil">Timestamp from which on nothing new has been heard for too long: closed to those who want in. Those who play never come by here.</param>
sealed record Door(bool IsOpen, string Why, long GoodUntil)
{
    /// <summary>How old guidance may be: ten seconds are normal, thirty are the end.</summary>
    public static readonly TimeSpan GuidanceFresh = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="GuidanceFresh"/>
    public static readonly TimeSpan GuidanceStale = TimeSpan.FromSeconds(30);
}
