using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Veltrix.Control;

/// <summary>All keys that hold at one moment. Immutable, so that whoever checks a token needs no lock and no database.</summary>
public sealed class ControlKeys
{
    /// <summary>A new key signs only after every server had the time to hear of it. Clocks of servers may differ by what is left of this after <see cref="ControlStore.Every"/>.</summary>
    public static readonly TimeSpan SignsAfter = TimeSpan.FromSeconds(5);

    /// <param name="signing">Not retired, in any order; at least one.</param>
    /// <param name="access">Not taken back; what a retired key signed is left out here.</param>
    public ControlKeys(IEnumerable<SigningKey> signing, IEnumerable<AccessKey> access, DateTimeOffset now)
    {
        Verify = [.. signing.OrderByDescending(key => key.Number)];
        var since = (now - SignsAfter).ToUnixTimeMilliseconds();
        Signs = Verify.FirstOrDefault(key => key.MadeMs <= since) ?? Verify[^1];
        Access = access.Where(key => Verify.Any(signing => signing.Id == key.SignedBy)).ToFrozenDictionary(key => key.Id, StringComparer.Ordinal);
    }

    /// <summary>Those of a data folder that has no control database: the one in <c>token.key</c>, made at first use.</summary>
    /// <exception cref="InvalidDataException">That file is damaged.</exception>
    public static ControlKeys OfFolder(string dataFolder) => new([SigningKey.OfFile(dataFolder)], [], DateTimeOffset.MaxValue);

    /// <summary>What new tokens are signed with.</summary>
    public SigningKey Signs { get; }

    /// <summary>What they are checked with, newest first.</summary>
    public ImmutableArray<SigningKey> Verify { get; }

    /// <summary>By id.</summary>
    public FrozenDictionary<string, AccessKey> Access { get; }

    internal bool IsSameAs(ControlKeys other) =>
        Signs.Id == other.Signs.Id && Verify.Select(key => key.Id).SequenceEqual(other.Verify.Select(key => key.Id)) && Access.Count == other.Access.Count && Access.Keys.All(other.Access.ContainsKey);
}
