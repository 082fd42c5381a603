using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Veltrix.Governor.Orchestration;

/// <summary>
/// Where governors are: <c>http://host:port</c> is one of them; <c>dns:name:port</c> is one at every address of the name, looked up anew each round, as a headless service of Kubernetes has it.
/// </summary>
public sealed class GovernorAddress
{
    readonly Uri? one;
    readonly string name;
    readonly int port;

    GovernorAddress(Uri? one, string name, int port) => (this.one, this.name, this.port) = (one, name, port);

    /// <param name="fault">What is wrong and what would be right, in a clause.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out GovernorAddress? address, [NotNullWhen(false)] out string? fault)
    {
        (address, fault) = (null, null);
        if (text.StartsWith("dns:", StringComparison.Ordinal))
        {
            var colon = text.LastIndexOf(':');
            var name = colon > 4 ? text[4..colon] : "";
            if (name.Length > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65_535)
                address = new GovernorAddress(null, name, port);
        }
        else if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.PathAndQuery == "/")
        {
            address = new GovernorAddress(url, url.Host, url.Port);
        }

        if (address is null) fault = "a governor is http://host:port, or dns:name:port for one at every address of a name";
        return address is not null;
    }

    /// <summary>The governors there are now.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name is not known, or nobody answers that knows.</exception>
    public async Task<IReadOnlyList<Uri>> Resolve(CancellationToken cancel) => one is not null
        ? [one]
        : [.. (await Dns.GetHostAddressesAsync(name, cancel)).Distinct().Select(address => new UriBuilder("http", address.ToString(), port).Uri)];

    public override string ToString() => one is not null ? one.GetLeftPart(UriPartial.Authority) : $"dns:{name}:{port}";
}
