using System.Globalization;
using StackExchange.Redis;

namespace Veltrix.Gate;

/// <summary>
/// Where a store is and as whom to go there, as people write it: <c>host:port</c> with the options of StackExchange.Redis behind commas, or <c>redis://user@host:port</c>, and <c>rediss://</c> for TLS.
/// No message of this has a password in it.
/// </summary>
static class StoreAddress
{
    const string Plain = "redis", Encrypted = "rediss";
    const int StandardPort = 6379;

    /// <exception cref="GateException">It cannot be understood, or has two passwords.</exception>
    public static ConfigurationOptions Read(string text, string? password)
    {
        var settings = text.Contains("://", StringComparison.Ordinal) ? Url(text) : Options(text);
        if (password is not null)
        {
            if (settings.Password is not null) throw Wrong("The address of the store has a password, and a file with one is named too. Take it out of the address, where everybody would see it.");
            settings.Password = password;
        }
        return settings;
    }

    /// <summary>Trusts what the authority of a PEM file has signed, and nothing else.</summary>
    public static void Trust(ConfigurationOptions settings, string caFile)
    {
        if (!settings.Ssl) throw Wrong($"{caFile} is named as the authority of the store's certificate, and the address asks for no TLS. Write rediss://host:port, or name no such file.");
        try
        {
            settings.TrustIssuer(caFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw Wrong($"The certificate of the store's authority cannot be read from {caFile}: {e.Message} It is a PEM file, readable by the user that this process runs as.", e);
        }
    }

    static ConfigurationOptions Url(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not (Plain or Encrypted) || url.Host.Length == 0 || url.Query.Length > 0 || !TryDatabase(url, out var database))
            throw Wrong("The address of the store cannot be understood. It looks like redis://user@host:6379, or rediss://user@host:6379 for TLS; the password is in a file that redis.password_file names.");
        var settings = new ConfigurationOptions { Ssl = url.Scheme == Encrypted, DefaultDatabase = database };
        settings.EndPoints.Add(url.Host, url.Port > 0 ? url.Port : StandardPort);
        if (settings.Ssl) settings.SslHost = url.Host;
        var who = url.UserInfo.Split(':', 2);
        if (who[0].Length > 0) settings.User = Uri.UnescapeDataString(who[0]);
        if (who.Length > 1) settings.Password = Uri.UnescapeDataString(who[1]);
        return settings;
    }

    static bool TryDatabase(Uri url, out int? database)
    {
        database = null;
        if (url.AbsolutePath.Trim('/') is not { Length: > 0 } path) return true;
        var isNumber = int.TryParse(path, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        database = number;
        return isNumber;
    }

    static ConfigurationOptions Options(string text)
    {
        try
        {
            return ConfigurationOptions.Parse(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            var shown = string.Join(',', text.Split(',').Select(part => part.TrimStart().StartsWith("password=", StringComparison.OrdinalIgnoreCase) ? "password=…" : part));
            throw Wrong($"\"{shown}\" is no address of a store. It looks like host:port, host:port,user=…,ssl=true, or rediss://user@host:port.", e);
        }
    }

    static GateException Wrong(string message, Exception? inner = null) => new(GateFault.Misconfigured, message, inner);
}
