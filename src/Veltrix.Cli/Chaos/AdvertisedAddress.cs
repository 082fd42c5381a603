using System.Text;

namespace Veltrix.Cli.Chaos;

/// <summary>
/// A broker tells its clients where it is, and they go there, past any wire that they came over. In what one connection brings from the broker this puts the wire's address in place of the broker's:
/// <c>127.0.0.1</c> and a port of four bytes, however the length before it is written.
/// </summary>
/// <remarks>
/// The two addresses differ in the last byte only. So no frame changes its length, and where an address falls on the edge of two reads nothing has to be held back.
/// Records never contain it: no text has its zeros, and a record that was changed all the same would fail its checksum at the reader instead of passing for another.
/// </remarks>
sealed class AdvertisedAddress
{
    const string Host = "127.0.0.1";
    const int HighBits = 0xFF00;

    static readonly UInt128 LengthMask = (UInt128.One << (8 * (Host.Length + sizeof(int)))) - 1;

    readonly UInt128 broker;
    readonly byte wire;
    // The last bytes that went by, the newest lowest.
    UInt128 seen;

    /// <param name="broker">Port of the broker.</param>
    /// <param name="wire">Port of the wire: of the same <see cref="Block"/>.</param>
    public AdvertisedAddress(int broker, int wire)
    {
        if ((broker & HighBits) != (wire & HighBits)) throw new ArgumentException($"ports {broker} and {wire} differ in more than the last byte", nameof(wire));
        this.wire = (byte)wire;
        foreach (var b in Encoding.ASCII.GetBytes(Host)) this.broker = this.broker << 8 | b;
        this.broker = this.broker << 32 | (uint)broker;
    }

    /// <summary>The ports that a wire before this one may have.</summary>
    public static IEnumerable<int> Block(int broker) => Enumerable.Range(broker & HighBits, 256).Where(port => port > 0 && port != broker);

    /// <summary>Changes the addresses that end in these bytes, which follow those of the call before. Gives how many there were.</summary>
    public int Replace(Span<byte> bytes)
    {
        var found = 0;
        foreach (ref var b in bytes)
        {
            seen = (seen << 8 | b) & LengthMask;
            if (seen != broker) continue;
            b = wire;
            found++;
        }

        return found;
    }
}
