namespace Veltrix.Governor.Simulation;

/// <summary>
/// Seeded chance that is the same on every machine, to the last bit: xoshiro256**, seeded by SplitMix64, and nothing after it but additions, multiplications, divisions and
/// square roots, which IEEE 754 defines exactly. The logarithms of a maths library are not, so there is one here.
/// </summary>
sealed class Chance
{
    ulong a, b, c, d;
    double spare = double.NaN;

    /// <param name="stream">Numbers of one stream do not move when another one is drawn from more often: noise stays the same whatever a policy does.</param>
    public Chance(long seed, int stream)
    {
        var mixed = unchecked((ulong)seed * 0x9E3779B97F4A7C15 + (ulong)stream * 0xD1342543DE82EF95);
        (a, b, c, d) = (Split(ref mixed), Split(ref mixed), Split(ref mixed), Split(ref mixed));
    }

    /// <summary>Evenly from 0 up to, not including, 1.</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    public double Between(double least, double most) => least + (most - least) * Unit();

    /// <summary>Normal, of mean 0 and deviation 1 (Marsaglia's polar method).</summary>
    public double Normal()
    {
        if (!double.IsNaN(spare))
        {
            var kept = spare;
            spare = double.NaN;
            return kept;
        }
        double x, y, square;
        do
        {
            (x, y) = (2 * Unit() - 1, 2 * Unit() - 1);
            square = x * x + y * y;
        }
        while (square is >= 1 or 0);
        var scale = Math.Sqrt(-2 * Log(square) / square);
        spare = y * scale;
        return x * scale;
    }

    /// <summary>Natural logarithm of a positive normal number: exponent × ln 2, and the series of atanh for the rest, which is within 1/√2 and √2.</summary>
    internal static double Log(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52) - 1023;
        var rest = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (rest > 1.4142135623730951)
        {
            rest /= 2;
            exponent++;
        }
        var z = (rest - 1) / (rest + 1);
        var (power, sum) = (z, 0.0);
        // |z| ≤ 0.172: the 11th term is below 1e-17.
        for (var n = 1; n <= 21; n += 2)
        {
            sum += power / n;
            power *= z * z;
        }
        return exponent * 0.6931471805599453 + 2 * sum;
    }

    ulong Next()
    {
        var result = ulong.RotateLeft(b * 5, 7) * 9;
        var shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = ulong.RotateLeft(d, 45);
        return result;
    }

    static ulong Split(ref ulong state)
    {
        var mixed = state = unchecked(state + 0x9E3779B97F4A7C15);
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
        return mixed ^ (mixed >> 31);
    }
}
