using System.Globalization;
using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Veltrix.Server.Admission;

/// <summary>What a client that is asked for a proof of work sends.</summary>
/// <param name="Challenge">As given, unchanged.</param>
/// <param name="Nonce">Any text of at most 64 characters with which the digest begins with enough zero bits.</param>
public sealed record Proof(string? Challenge, string? Nonce);

/// <summary>
/// Makes a join cost a little work while seats are scarce: the client looks for a nonce for which SHA-256(challenge + "." + nonce) begins with so many zero bits.
/// </summary>
/// <remarks>
/// Nothing is stored. The challenge is signed, holds for <see cref="Lifetime"/> and for one address range, and the hunter's id is drawn from it: the same proof shown twice is the
/// same hunter twice, so a proof buys one place.
/// </remarks>
public sealed class ProofOfWork(Keyring keyring, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    const string Kind = "p1";
    const int NonceLengthMax = 64;

    public string Challenge(string hunt, IPAddress address, long bits) => keyring.Seal(
        Kind, hunt, AddressRange.Of(address), bits.ToString(CultureInfo.InvariantCulture), (clock.GetUtcNow() + Lifetime).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
        Convert.ToHexString(RandomNumberGenerator.GetBytes(10)));

    /// <summary>Whether the proof holds.</summary>
    /// <param name="bits">What is asked for now: a challenge given for less has to be done anew.</param>
    /// <param name="hunter">The id of the hunter that it buys a place for.</param>
    public bool Holds(Proof proof, string hunt, IPAddress address, long bits, out string hunter)
    {
        hunter = "";
        if (proof is not { Challenge: { } challenge, Nonce: { Length: <= NonceLengthMax } nonce }) return false;
        if (keyring.Unseal(Kind, challenge) is not [var of, var range, var given, var until, _]) return false;
        if (of != hunt || range != AddressRange.Of(address) || long.Parse(given, CultureInfo.InvariantCulture) < bits) return false;
        if (long.Parse(until, CultureInfo.InvariantCulture) < clock.GetUtcNow().ToUnixTimeMilliseconds()) return false;
        if (ZeroBits(SHA256.HashData(Encoding.UTF8.GetBytes($"{challenge}.{nonce}"))) < bits) return false;
        hunter = TeamWishes.HunterOf(keyring.Draw("proof", challenge));
        return true;
    }

    /// <summary>How many zero bits the digest begins with.</summary>
    public static int ZeroBits(ReadOnlySpan<byte> digest)
    {
        var bits = 0;
        foreach (var part in digest)
        {
            if (part != 0) return bits + BitOperations.LeadingZeroCount(part) - 24;
            bits += 8;
        }

        return bits;
    }
}
