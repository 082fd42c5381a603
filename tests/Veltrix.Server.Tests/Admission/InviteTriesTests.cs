using System.Net;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests.Admission;

public class InviteTriesTests
{
    static readonly IPAddress Here = IPAddress.Loopback, There = IPAddress.IPv6Loopback;
    readonly ManualClock clock = new();
    readonly InviteTries tries;

    public InviteTriesTests() => tries = new InviteTries(clock);

    [Fact]
    public void After_ten_wrong_codes_an_address_waits_out_its_minute()
    {
        for (var i = 0; i < InviteTries.Most; i++)
        {
            Assert.True(tries.MayTry(Here, out _));
            tries.CountWrong(Here);
        }

        clock.Advance(TimeSpan.FromSeconds(20));
        Assert.False(tries.MayTry(Here, out var wait));
        Assert.Equal(TimeSpan.FromSeconds(40), wait);
        clock.Advance(wait);
        Assert.True(tries.MayTry(Here, out _));
    }

    [Fact]
    public void One_address_does_not_spend_the_tries_of_another()
    {
        for (var i = 0; i < InviteTries.Most; i++) tries.CountWrong(Here);
        Assert.False(tries.MayTry(Here, out _));
        Assert.True(tries.MayTry(There, out _));
    }

    [Fact]
    public void A_new_minute_counts_from_one_again()
    {
        for (var i = 0; i < InviteTries.Most; i++) tries.CountWrong(Here);
        clock.Advance(InviteTries.Window + TimeSpan.FromSeconds(1));
        for (var i = 0; i < InviteTries.Most; i++)
        {
            Assert.True(tries.MayTry(Here, out _));
            tries.CountWrong(Here);
        }

        Assert.False(tries.MayTry(Here, out _));
    }
}
