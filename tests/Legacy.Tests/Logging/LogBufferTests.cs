using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Logging;

public sealed class LogBufferTests
{
    [Fact]
    public void An_average_is_weighted_by_the_number_of_samples()
    {
        using LogBuffer buffer = new();
        buffer.Update(new LogVars { ["loss"] = 1.0 }, count: 1);
        buffer.Update(new LogVars { ["loss"] = 4.0 }, count: 3);

        buffer.Average();

        buffer.Output["loss"].Should().Be(3.25, "(1·1 + 4·3) / 4, not the plain mean 2.5");
    }

    [Fact]
    public void Without_a_count_each_value_weighs_one()
    {
        using LogBuffer buffer = new();
        buffer.Update(new LogVars { ["loss"] = 1.0 });
        buffer.Update(new LogVars { ["loss"] = 4.0 });

        buffer.Average();

        buffer.Output["loss"].Should().Be(2.5);
    }

    /// <summary>Recorded with MMCV 1.7.2 and numpy 1.24.</summary>
    [Theory]
    [InlineData(0, 0.10547440968969903)]
    [InlineData(7, 0.05362981715812321)]
    [InlineData(8, 0.054498940458692774)]
    [InlineData(12, 0.0642365242113694)]
    public void The_sum_of_an_average_is_that_of_numpy_to_the_last_bit(int n, double average)
    {
        using LogBuffer buffer = new();
        for (int i = 0; i < 20; i++)
        {
            buffer.Update(new LogVars { ["loss"] = 1 / (i + 3.0) }, count: 1 + (i % 3));
        }

        buffer.Average(n);

        buffer.Output["loss"].Should().Be(average);
    }

    [Fact]
    public void The_last_n_entries_are_those_of_each_name_by_itself()
    {
        using LogBuffer buffer = new();
        buffer.Update(new LogVars { ["loss"] = 1.0, ["rare"] = 10.0 });
        buffer.Update(new LogVars { ["loss"] = 2.0 });
        buffer.Update(new LogVars { ["loss"] = 6.0 });

        buffer.Average(2);

        buffer.Output.Should().Equal(new Dictionary<string, double> { ["loss"] = 4.0, ["rare"] = 10.0 });
    }

    [Fact]
    public void More_entries_than_there_are_means_all_of_them()
    {
        using LogBuffer buffer = new();
        buffer.Update(new LogVars { ["loss"] = 1.0 });
        buffer.Update(new LogVars { ["loss"] = 2.0 });

        buffer.Average(100);

        buffer.Output["loss"].Should().Be(1.5);
    }

    [Fact]
    public void A_listener_is_told_what_is_added_with_its_number_of_samples()
    {
        using LogBuffer buffer = new();
        List<(string, int)> told = [];
        buffer.Listener = (vars, count) => told.Add((string.Join(' ', vars.Names), count));

        buffer.Update(new LogVars { ["a"] = 1.0, ["b"] = 2.0 }, count: 3);
        buffer.Update(new LogVars { ["time"] = 1.0 });

        told.Should().Equal(("a b", 3), ("time", 1));
        buffer.Names.Should().Equal("a", "b", "time");
    }

    [Fact]
    public void A_negative_number_of_entries_is_refused()
    {
        using LogBuffer buffer = new();

        Action average = () => buffer.Average(-1);

        average.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("n");
        buffer.Ready.Should().BeFalse();
    }

    [Fact]
    public void Averaging_makes_the_buffer_ready_and_keeps_the_histories()
    {
        using LogBuffer buffer = new();
        buffer.Update(new LogVars { ["loss"] = 1.0 });
        buffer.Ready.Should().BeFalse();
        buffer.Average();
        buffer.Ready.Should().BeTrue();

        buffer.Update(new LogVars { ["loss"] = 3.0 });
        buffer.Average();

        buffer.Output["loss"].Should().Be(2.0, "the first value still counts");
    }

    [Fact]
    public void Clearing_the_output_keeps_the_histories()
    {
        using LogBuffer buffer = new();
        buffer.Update(new LogVars { ["loss"] = 1.0 });
        buffer.Average();

        buffer.ClearOutput();

        buffer.Output.Should().BeEmpty();
        buffer.Ready.Should().BeFalse();
        buffer.Names.Should().Equal("loss");
    }

    [Fact]
    public void Clearing_forgets_histories_and_output()
    {
        using LogBuffer buffer = new();
        buffer.Update(new LogVars { ["loss"] = 1.0 });
        buffer.Average();

        buffer.Clear();

        buffer.Names.Should().BeEmpty();
        buffer.Output.Should().BeEmpty();
        buffer.Ready.Should().BeFalse();
        buffer.Update(new LogVars { ["loss"] = 3.0 });
        buffer.Average();
        buffer.Output["loss"].Should().Be(3.0);
    }

    [Fact]
    public void Clearing_checks_what_nobody_read()
    {
        using DisposeScope scope = NewDisposeScope();
        PendingScalars pending = new();
        using LogBuffer buffer = new(pending);
        buffer.Update(new LogVars { ["acc"] = tensor(1.5f) });
        pending.Add(tensor(float.NaN), null, 0, new WatchedLoss("loss", 7));

        buffer.Invoking(cleared => cleared.Clear()).Should().Throw<NonFiniteLossException>().WithMessage("*'loss' is NaN at iteration 7 *");

        pending.Count.Should().Be(0);
    }

    [Fact]
    public void Names_stay_in_the_order_in_which_they_first_came()
    {
        using LogBuffer buffer = new();
        buffer.Update(new LogVars { ["b"] = 1.0, ["a"] = 1.0 });
        buffer.Update(new LogVars { ["c"] = 1.0, ["a"] = 1.0, ["b"] = 1.0 });

        buffer.Average();

        buffer.Names.Should().Equal("b", "a", "c");
        buffer.Output.Keys.Should().Equal("b", "a", "c");
    }

    [Fact]
    public void Tensors_are_read_when_an_average_is_asked_for()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        using LogBuffer buffer = new(pending);

        buffer.Update(new LogVars { ["loss"] = tensor(1.5f) }, count: 2);
        pending.Count.Should().Be(1, "the value waits");
        buffer.Average();

        pending.Count.Should().Be(0);
        buffer.Output["loss"].Should().Be(1.5);
    }

    [Fact]
    public void A_tensor_that_is_changed_after_it_was_logged_keeps_its_logged_value()
    {
        using DisposeScope scope = NewDisposeScope();
        using LogBuffer buffer = new();
        Tensor counter = zeros(1);

        buffer.Update(new LogVars { ["counter"] = counter });
        counter.add_(5);
        buffer.Average();

        buffer.Output["counter"].Should().Be(0);
    }

    [Fact]
    public void Nothing_to_add_is_refused()
    {
        using LogBuffer buffer = new();

        Action update = () => buffer.Update(null!);

        update.Should().Throw<ArgumentNullException>().WithParameterName("vars");
    }

    [Fact]
    public void A_loss_outside_training_may_be_anything()
    {
        using LogBuffer buffer = new();
        buffer.Update(new LogVars { ["loss"] = double.NaN });

        buffer.Average();

        buffer.Output["loss"].Should().Be(double.NaN);
    }
}
