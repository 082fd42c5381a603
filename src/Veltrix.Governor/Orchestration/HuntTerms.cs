namespace Veltrix.Governor.Orchestration;

/// <summary>What people have set for a hunt: the control loop works within it and never changes it.</summary>
/// <param name="Pin">Holds the limit, whatever is voted; null: it is voted.</param>
/// <param name="PinOrigin">Who, why, until.</param>
/// <param name="Audit">The gate is to write down every grant.</param>
public sealed record HuntTerms(double Ceiling, double Floor, long? Pin = null, string PinOrigin = "", long RoomWeight = 1, bool Audit = false)
{
    // More hunters than there are people; far below what sums of them could not hold.
    const long Most = 1_000_000_000_000;

    public bool IsSound => Ceiling is >= 1 and <= Most && Floor >= 0 && Floor <= Ceiling && Pin is null or (>= 0 and <= Most);

    /// <summary>Whole hunters within floor and ceiling.</summary>
    public long Clamp(double limit)
    {
        var most = Math.Floor(Ceiling);
        return (long)Math.Clamp(Math.Round(limit), Math.Min(Math.Ceiling(Floor), most), most);
    }
}
