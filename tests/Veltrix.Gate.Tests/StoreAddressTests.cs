using System.Net;
using StackExchange.Redis;

namespace Veltrix.Gate.Tests;

/// <summary>Addresses as people write them.</summary>
public sealed class StoreAddressTests
{
    [Theory]
    [InlineData("redis:6379", "redis", 6379, false, null, null)]
    [InlineData("redis:6379,user=veltrix,ssl=true", "redis", 6379, true, "veltrix", null)]
    [InlineData("redis://redis", "redis", 6379, false, null, null)]
    [InlineData("redis://redis:7000/3", "redis", 7000, false, null, null)]
    [InlineData("redis://veltrix@redis:7000", "redis", 7000, false, "veltrix", null)]
    [InlineData("rediss://veltrix:p%40ss@redis:7000/", "redis", 7000, true, "veltrix", "p@ss")]
    [InlineData("rediss://:pass@redis:7000", "redis", 7000, true, null, "pass")]
    public void Are_read_in_both_forms(string text, string host, int port, bool tls, string? user, string? password)
    {
        var read = StoreAddress.Read(text, password: null);
        var end = Assert.IsType<DnsEndPoint>(Assert.Single(read.EndPoints));
        Assert.Equal((host, port, tls, user, password), (end.Host, end.Port, read.Ssl, read.User, read.Password));
    }

    [Fact]
    public void The_number_at_the_end_is_a_database() => Assert.Equal(3, StoreAddress.Read("redis://redis/3", null).DefaultDatabase);

    [Theory]
    [InlineData("http://redis:6379")]
    [InlineData("redis://")]
    [InlineData("redis://redis/live")]
    [InlineData("redis://redis:6379?ssl=true")]
    [InlineData("redis://ada:geheim@:x")]
    [InlineData("redis:1,nonsense=1,password=geheim")]
    public void That_make_no_sense_are_refused_without_telling_a_password(string text)
    {
        var refused = Assert.Throws<GateException>(() => StoreAddress.Read(text, null));
        Assert.Equal(GateFault.Misconfigured, refused.Fault);
        Assert.Contains("It looks like", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_in_a_file_is_that_of_an_address_without_one()
    {
        Assert.Equal("from-file", StoreAddress.Read("redis://veltrix@redis", "from-file").Password);
        Assert.Contains("Take it out of the address", Assert.Throws<GateException>(() => StoreAddress.Read("redis:1,password=x", "from-file")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_authority_without_tls_is_a_mistake() =>
        Assert.Contains("rediss://", Assert.Throws<GateException>(() => StoreAddress.Trust(new ConfigurationOptions(), "/ca.pem")).Message, StringComparison.Ordinal);
}
