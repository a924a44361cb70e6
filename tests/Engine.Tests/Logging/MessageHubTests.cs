using Compat.TestSupport;
using Compat.Engine.Logging;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Logging;

public sealed class MessageHubTests : IDisposable
{
    private readonly MessageHub hub = new();

    public void Dispose() => hub.Dispose();

    [Fact]
    public void Histories_are_kept_by_key_in_the_order_in_which_they_began()
    {
        hub.UpdateScalar("train/b", 1);
        hub.UpdateScalar("train/a", 2);
        hub.UpdateScalar("train/b", 3, count: 3);

        hub.Scalars.Keys.Should().Equal("train/b", "train/a");
        hub.GetScalar("train/b").Count.Should().Be(2);
        hub.GetScalar("train/b").Mean().Should().Be(1);
        hub.GetScalar("train/b").Should().BeSameAs(hub.Scalars["train/b"]);
    }

    [Fact]
    public void A_missing_key_is_named_with_those_that_are_there()
    {
        hub.UpdateScalar("train/loss", 1);
        hub.UpdateScalar("train/lr", 1);

        Action act = () => hub.GetScalar("loss");

        act.Should().Throw<KeyNotFoundException>().WithMessage("Nothing is logged under 'loss'. Keys present: train/loss, train/lr.");
    }

    [Fact]
    public void All_histories_share_one_place_for_what_is_not_read_yet()
    {
        using DisposeScope scope = NewDisposeScope();
        hub.UpdateScalar("a", tensor(1.0));
        hub.UpdateScalar("b", tensor(2.0));
        hub.Pending.Count.Should().Be(2);

        hub.GetScalar("a").Current().Should().Be(1);

        hub.Pending.Count.Should().Be(0);
        hub.GetScalar("b").Current().Should().Be(2);
    }

    [Fact]
    public void A_place_given_to_the_hub_is_used()
    {
        PendingScalars pending = new(NonFiniteLoss.Ignore);
        using MessageHub other = new(pending);

        other.Pending.Should().BeSameAs(pending);
        Action act = () => other.UpdateScalar("loss", double.NaN, watched: new WatchedLoss("loss", 0));

        act.Should().NotThrow("non-finite losses are ignored there");
        act = () => hub.UpdateScalar("loss", double.NaN, watched: new WatchedLoss("loss", 0));
        act.Should().Throw<NonFiniteLossException>();
    }

    [Fact]
    public void Weights_and_skipped_steps_reach_the_history()
    {
        using DisposeScope scope = NewDisposeScope();
        hub.UpdateScalar("a", 1, weight: 1);
        hub.UpdateScalar("a", tensor(4.0), weight: 3);
        hub.UpdateScalar("b", tensor(double.NaN), watched: new WatchedLoss("b", 0), skipped: tensor(1f));

        hub.GetScalar("a").Mean().Should().Be(3.25);
        hub.GetScalar("a").Current().Should().Be(4);
    }

    [Fact]
    public void Disposing_frees_what_nobody_read()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor value = tensor(1.0);
        long before = LiveTensors.Settled();
        hub.UpdateScalar("a", value);
        Tensor.TotalCount.Should().Be(before + 1);

        hub.Dispose();

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Information_is_found_by_name_and_type()
    {
        hub.UpdateInfo("epoch", 3);
        hub.UpdateInfo("epoch", 4);

        hub.TryGetInfo("epoch", out int epoch).Should().BeTrue();
        epoch.Should().Be(4);
        hub.TryGetInfo("epoch", out string? text).Should().BeFalse();
        text.Should().BeNull();
        hub.TryGetInfo("iter", out int _).Should().BeFalse();
    }

    [Fact]
    public void All_information_is_listed_in_the_order_in_which_it_was_first_set()
    {
        hub.UpdateInfo("b", 1);
        hub.UpdateInfo("a", "x");
        hub.UpdateInfo("b", 2);

        hub.Infos.Should().Equal(KeyValuePair.Create<string, object?>("b", 2), KeyValuePair.Create<string, object?>("a", "x"));
    }

    [Fact]
    public void Information_that_is_null_counts_as_missing()
    {
        hub.UpdateInfo<string?>("note", null);

        hub.TryGetInfo("note", out string? _).Should().BeFalse();
    }

    [Fact]
    public void Information_can_be_removed_even_if_it_is_not_there()
    {
        hub.UpdateInfo("stage", "train");

        hub.PopInfo("stage");
        hub.PopInfo("stage");

        hub.TryGetInfo("stage", out string? _).Should().BeFalse();
    }
}
