using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Veltrix.Hosting;

/// <summary>Some ranges of addresses. Two that are written alike are equal.</summary>
public sealed class Networks : IEquatable<Networks>
{
    readonly IPNetwork[] ranges;

    Networks(IPNetwork[] ranges)
    {
        this.ranges = ranges;
        Text = string.Join(", ", ranges.Select(range => range.ToString()));
    }

    /// <summary><c>10.0.0.0/8, 2001:db8::/32</c>; empty where there are none.</summary>
    public string Text { get; }

    /// <summary>IPv4 in the clothes of IPv6 is IPv4.</summary>
    public bool Contain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var range in ranges)
            if (range.Contains(address)) return true;
        return false;
    }

    /// <param name="strange">The part that is no range.</param>
    public static Networks? Parse(string text, out string? strange)
    {
        strange = null;
        var parts = SomeOf.Split(text);
        var ranges = new IPNetwork[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            // "7" is an address too for .NET, 0.0.0.7, and never what somebody meant.
            var isSpelledOut = parts[i].Contains(':') || parts[i].Count(letter => letter == '.') == 3;
            if (isSpelledOut && IPNetwork.TryParse(parts[i], out ranges[i])) continue;
            if (!isSpelledOut || !IPAddress.TryParse(parts[i], out var address))
            {
                strange = parts[i];
                return null;
            }

            ranges[i] = new IPNetwork(address, address.GetAddressBytes().Length * 8);
        }

        return new Networks(ranges);
    }

    public bool Equals(Networks? other) => other is not null && other.Text == Text;

    public override bool Equals(object? obj) => Equals(obj as Networks);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
}

/// <summary>Ranges of addresses separated by commas, perhaps none: <c>10.0.0.0/8, 2001:db8::/32</c>. A single address is the range of itself.</summary>
public sealed record SomeNetworks() : Notation<Networks>("string", "none, or address ranges such as 10.0.0.0/8 or 2001:db8::/32, separated by commas")
{
    public static Networks Of(string text) => Networks.Parse(text, out var strange) ?? throw new ArgumentException($"{strange} is no range of addresses", nameof(text));

    public override bool TryRead(string text, [MaybeNullWhen(false)] out Networks value, [NotNullWhen(false)] out string? fault)
    {
        value = Networks.Parse(text, out var strange);
        fault = value is null ? $"names '{strange}', which is no range of addresses (or has bits set beyond its length); {Range} is allowed" : null;
        return value is not null;
    }

    public override string Write(Networks value) => value.Text.Length == 0 ? "none" : value.Text;
}
