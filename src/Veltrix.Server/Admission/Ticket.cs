using System.Buffers.Binary;
using System.Globalization;

namespace Veltrix.Server.Admission;

/// <summary>
/// A place in the waiting room, signed. It says all that puts its hunter back where it was, so it survives restarts of servers and a store that forgot everything.
/// Two tabs with one ticket are one hunter.
/// </summary>
/// <param name="ArrivedMicroseconds">When the hunter first asked, in microseconds since 1970: in a crowd many come within one millisecond.</param>
/// <param name="Drawn">Came before the opening of a hunt that draws lots: its place is a lot, in front of all who came later.</param>
/// <param name="Priority">Showed a pass.</param>
public sealed record Ticket(string Hunt, string Hunter, long ArrivedMicroseconds, bool Drawn, bool Priority)
{
    const string Kind = "t1";

    public long ArrivedMs => ArrivedMicroseconds / 1000;

    /// <summary>The place in the list: smaller first.</summary>
    public double Order(Keyring keyring) => Drawn ? Lot(keyring, Hunt, Hunter) : ArrivedMicroseconds / 1000.0;

    /// <summary>A hunter's lot in [0, 1). It hangs on the key alone: nobody can foresee it, and asking again draws the same.</summary>
    public static double Lot(Keyring keyring, string hunt, string hunter) =>
        (BinaryPrimitives.ReadUInt64BigEndian(keyring.Draw("lot", $"{hunt}\0{hunter}")) >> 11) * (1.0 / (1UL << 53));

    public string Sign(Keyring keyring) =>
        keyring.Seal(Kind, keyring.KeyId, Hunt, Hunter, ArrivedMicroseconds.ToString(CultureInfo.InvariantCulture), Drawn ? "lot" : "", Priority ? "pass" : "");

    /// <returns>Null where it is no ticket of this hunt, or no key that still holds signed it.</returns>
    public static Ticket? Read(Keyring keyring, string hunt, string text) =>
        keyring.Unseal(Kind, text) is [_, var of, var hunter, var arrived, var lot, var pass] && of == hunt
            ? new Ticket(hunt, hunter, long.Parse(arrived, CultureInfo.InvariantCulture), lot.Length > 0, pass.Length > 0)
            : null;
}
