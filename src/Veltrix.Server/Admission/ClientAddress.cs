using System.Net;
using Microsoft.AspNetCore.Http;
using Veltrix.Hosting;

namespace Veltrix.Server.Admission;

/// <summary>Where a request comes from.</summary>
/// <param name="Address">Of the peer; where that is a trusted proxy, what it says of its own peer, and so on along <c>X-Forwarded-For</c> from its end.</param>
/// <param name="IsHidden">The request came through a proxy that is not trusted, so this is the proxy's address and not the client's.</param>
public readonly record struct ClientAddress(IPAddress Address, bool IsHidden)
{
    const string ForwardedFor = "X-Forwarded-For";
    const string Forwarded = "Forwarded";

    public static ClientAddress Of(HttpContext context, Settings settings)
    {
        var trusted = settings.Get(Keys.TrustedProxies);
        var headers = context.Request.Headers;
        var address = Plain(context.Connection.RemoteIpAddress ?? IPAddress.None);
        // Each proxy appends its peer, so only the end was written by somebody who may be trusted; what stands before it the client may have made up.
        var said = headers[ForwardedFor].SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var left = said.Length;
        // Some write the port too.
        while (left > 0 && trusted.Contain(address) && IPEndPoint.TryParse(said[left - 1], out var before))
        {
            address = Plain(before.Address);
            left--;
        }

        return new ClientAddress(address, (left == said.Length && left > 0) || (said.Length == 0 && headers.ContainsKey(Forwarded)));
    }

    static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
