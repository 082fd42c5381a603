using Veltrix.Hosting;

namespace Veltrix.Server.Admission;

/// <summary>Where clients find this one server, which <c>server.public_url</c> says for all that share the settings.</summary>
static class PublicAddress
{
    /// <summary>What the reason of a close frame has room for.</summary>
    const int LengthMax = 80;

    /// <param name="setting">With <c>{host}</c> for the machine's name and <c>{port}</c> for the port it listens on; empty: nobody is sent here.</param>
    /// <exception cref="InvalidDataException">It is no address, or too long.</exception>
    public static string Of(string setting, int port)
    {
        var address = setting.Replace("{host}", Environment.MachineName.ToLowerInvariant(), StringComparison.Ordinal).Replace("{port}", $"{port}", StringComparison.Ordinal).TrimEnd('/');
        if (address.Length == 0) return "";
        if (address.Length <= LengthMax && Uri.TryCreate(address, UriKind.Absolute, out _)) return address;
        throw new InvalidDataException(
            $"{Keys.PublicUrl.Name} is {address} at this server, of {address.Length} characters; an address such as http://{{host}}:{{port}} of at most {LengthMax} is needed, or none.");
    }
}
