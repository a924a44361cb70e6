using Compat.TestSupport;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Training;

public sealed class PendingScalarsTests
{
    [Fact]
    public void Values_of_mixed_types_and_shapes_reach_their_places_in_order()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        Sink sink = new();
        pending.Add(tensor(1.5f), sink, 0);
        pending.Add(tensor(2.5), sink, 1);
        pending.Add(tensor(3L), sink, 2);
        pending.Add(ones(1, 1), sink, 3);
        pending.Add(tensor(0.1), sink, 4);
        pending.Add(tensor(0.1f), sink, 5);
        pending.Count.Should().Be(6);

        pending.Flush();

        sink.Received.Should().Equal((0, 1.5), (1, 2.5), (2, 3), (3, 1), (4, 0.1), (5, 0.1f));
        pending.Count.Should().Be(0);
    }

    [Fact]
    public void Nothing_is_handed_out_before_a_flush_nor_twice()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        Sink sink = new();
        pending.Add(tensor(1), sink, 0);
        sink.Received.Should().BeEmpty();

        pending.Flush();
        pending.Flush();

        sink.Received.Should().HaveCount(1);
    }

    [Fact]
    public void A_value_changed_in_place_before_it_is_read_keeps_the_old_number()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        Sink sink = new();
        Tensor counter = tensor(1.0);
        Tensor parameter = ones(1, requires_grad: true);
        pending.Add(counter, sink, 0);
        pending.Add(parameter, sink, 1);

        counter.add_(10);
        using (no_grad())
        {
            parameter.add_(10);
        }

        pending.Flush();
        sink.Received.Should().Equal((0, 1), (1, 1));
    }

    [Fact]
    public void A_value_that_autograd_made_is_read_right_and_outlives_its_scope()
    {
        using PendingScalars pending = new();
        Sink sink = new();
        using (NewDisposeScope())
        {
            pending.Add((ones(2, requires_grad: true) * 3).sum(), sink, 0);
        }

        pending.Flush();

        sink.Received.Should().Equal((0, 6));
    }

    [Fact]
    public void Nothing_is_left_after_a_flush()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        Tensor value = tensor(1.0);
        Tensor made = ones(1, requires_grad: true) * 2;
        long before = LiveTensors.Settled();
        pending.Add(value, null, 0);
        pending.Add(made, null, 0);
        Tensor.TotalCount.Should().Be(before + 2);

        pending.Flush();

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Disposing_frees_what_waits_unread()
    {
        using DisposeScope scope = NewDisposeScope();
        PendingScalars pending = new();
        Sink sink = new();
        Tensor value = tensor(1.0);
        long before = LiveTensors.Settled();
        pending.Add(value, sink, 0);

        pending.Dispose();

        Tensor.TotalCount.Should().Be(before);
        sink.Received.Should().BeEmpty();
    }

    [Fact]
    public void A_run_that_never_looks_is_flushed_when_four_thousand_and_ninety_six_values_wait()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        Sink sink = new();
        Tensor value = tensor(2.0);
        for (int i = 0; i < 4095; i++)
        {
            pending.Add(value, sink, i);
        }

        sink.Received.Should().BeEmpty();
        pending.Add(value, sink, 4095);

        pending.Count.Should().Be(0);
        sink.Received.Should().HaveCount(4096).And.EndWith((4095, 2.0));
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "Infinity")]
    [InlineData(double.NegativeInfinity, "-Infinity")]
    public void A_watched_loss_that_is_not_finite_is_an_error(double value, string text)
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        Sink sink = new();
        pending.Add(tensor(value), sink, 0, new WatchedLoss("loss_cls", 12));

        Action act = pending.Flush;

        act.Should().Throw<NonFiniteLossException>().WithMessage(
            $"The loss is not finite: 'loss_cls' is {text} at iteration 12 (counted from 0). Lower the learning rate, clip the gradients or look for "
            + "bad samples in that batch; set NonFiniteLoss to Warn or Ignore in the runner's options to train on.");
        sink.Received.Should().ContainSingle("all values were handed out before");
        pending.Count.Should().Be(0);
    }

    [Fact]
    public void A_value_that_is_not_watched_may_be_anything_and_a_watched_one_may_be_finite()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        pending.Add(tensor(double.NaN), null, 0);
        pending.Add(tensor(1e30), null, 0, new WatchedLoss("loss", 0));

        Action act = pending.Flush;

        act.Should().NotThrow();
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(0, true)]
    public void A_loss_of_a_step_that_a_scaler_skipped_need_not_be_finite(float flag, bool isError)
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        Sink sink = new();
        Tensor skipped = tensor(flag);
        pending.Add(tensor(double.PositiveInfinity).to(ScalarType.Float16), sink, 0, new WatchedLoss("loss", 4), skipped);
        pending.Add(tensor(2.5f), sink, 1, new WatchedLoss("loss_a", 4), skipped);
        pending.Add(tensor(7.0), sink, 2);

        Action act = pending.Flush;

        if (isError)
        {
            act.Should().Throw<NonFiniteLossException>().WithMessage("*'loss' is Infinity at iteration 4 *");
        }
        else
        {
            act.Should().NotThrow();
        }

        sink.Received.Should().Equal((0, double.PositiveInfinity), (1, 2.5), (2, 7));
    }

    [Fact]
    public void Another_step_that_was_not_skipped_is_still_found()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        pending.Add(tensor(double.NaN), null, 0, new WatchedLoss("loss", 4), tensor(1f));
        pending.Add(tensor(double.NaN), null, 0, new WatchedLoss("loss", 5), tensor(0f));
        pending.Add(tensor(double.NaN), null, 0, new WatchedLoss("loss", 6));

        Action act = pending.Flush;

        act.Should().Throw<NonFiniteLossException>().WithMessage("*'loss' is NaN at iteration 5 *");
    }

    [Fact]
    public void Whether_a_step_was_skipped_counts_as_it_was_then_and_is_freed_when_read()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        Tensor loss = tensor(double.NaN);
        Tensor skipped = tensor(1f);
        long before = LiveTensors.Settled();
        pending.Add(loss, null, 0, new WatchedLoss("loss", 4), skipped);
        skipped.zero_().Dispose();

        Action act = pending.Flush;

        act.Should().NotThrow("a scaler sets its flag anew in each step");
        Tensor.TotalCount.Should().Be(before);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(0, true)]
    public void A_number_that_is_not_finite_waits_until_it_is_known_whether_the_step_was_skipped(float flag, bool isError)
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        Action check = () => pending.Check(new WatchedLoss("loss", 3), double.NaN, tensor(flag));
        check.Should().NotThrow();
        pending.Count.Should().Be(1);

        Action act = pending.Flush;

        if (isError)
        {
            act.Should().Throw<NonFiniteLossException>().WithMessage("*'loss' is NaN at iteration 3 *");
        }
        else
        {
            act.Should().NotThrow();
        }
    }

    [Fact]
    public void The_message_names_the_first_iteration_whatever_the_order()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        pending.Add(tensor(double.NaN), null, 0, new WatchedLoss("loss_b", 8));
        pending.Add(tensor(double.NaN), null, 0, new WatchedLoss("loss", 7));

        Action act = pending.Flush;

        act.Should().Throw<NonFiniteLossException>().WithMessage("*'loss' is NaN at iteration 7 *");
    }

    [Fact]
    public void The_message_prefers_a_term_over_the_total()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        pending.Add(tensor(double.NaN), null, 0, new WatchedLoss("loss", 7));
        pending.Add(tensor(1.0), null, 0, new WatchedLoss("loss_a", 7));
        pending.Add(tensor(double.NaN), null, 0, new WatchedLoss("loss_b", 7));
        pending.Add(tensor(double.NaN), null, 0, new WatchedLoss("loss_a", 8));

        Action act = pending.Flush;

        act.Should().Throw<NonFiniteLossException>().WithMessage("*'loss_b' is NaN at iteration 7 *");
    }

    [Fact]
    public void As_a_warning_it_is_reported_once()
    {
        using DisposeScope scope = NewDisposeScope();
        ListLogger logger = new();
        using PendingScalars pending = new(NonFiniteLoss.Warn, logger);
        pending.Add(tensor(1.0), null, 0, new WatchedLoss("loss", 1));
        pending.Flush();
        logger.Lines.Should().BeEmpty();
        for (int i = 2; i < 5; i++)
        {
            pending.Add(tensor(double.NaN), null, 0, new WatchedLoss("loss", i));
            pending.Flush();
        }

        logger.Lines.Should().Equal(logger.Warnings);
        logger.Warnings.Should().ContainSingle().Which.Should().StartWith("The loss is not finite: 'loss' is NaN at iteration 2 ");
    }

    [Fact]
    public void Ignored_it_is_not_reported_at_all()
    {
        using DisposeScope scope = NewDisposeScope();
        ListLogger logger = new();
        Sink sink = new();
        using PendingScalars pending = new(NonFiniteLoss.Ignore, logger);
        pending.Add(tensor(double.NaN), sink, 0, new WatchedLoss("loss", 1));

        pending.Flush();

        logger.Lines.Should().BeEmpty();
        sink.Received.Should().Equal((0, double.NaN));
    }

    [Fact]
    public void A_loss_that_is_a_number_is_checked_at_once()
    {
        using PendingScalars pending = new();

        Action bad = () => pending.Check(new WatchedLoss("loss", 3), double.NaN);
        Action good = () => pending.Check(new WatchedLoss("loss", 3), 1);

        bad.Should().Throw<NonFiniteLossException>().WithMessage("The loss is not finite: 'loss' is NaN at iteration 3 *");
        good.Should().NotThrow();
    }

    [Fact]
    public void Null_is_refused()
    {
        using PendingScalars pending = new();

        Action act = () => pending.Add(null!, null, 0);

        act.Should().Throw<ArgumentNullException>().WithParameterName("value");
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_loss_that_awaits_a_scaler_is_judged_when_the_scaler_has_decided(float flag, bool isError)
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new() { AwaitsScaler = true };
        Sink sink = new();
        pending.Add(tensor(double.NaN), sink, 0, new("loss", 3));
        pending.Flush();
        pending.Check(new("loss_number", 4), double.PositiveInfinity);
        pending.Add(tensor(double.NaN), sink, 1, new("loss", 5));
        sink.Received.Should().HaveCount(1, "values are handed out all the same");

        pending.Decide(tensor(flag));

        Action judge = pending.Flush;
        if (isError)
        {
            judge.Should().Throw<NonFiniteLossException>().WithMessage("*'loss' is NaN at iteration 3*");
        }
        else
        {
            judge.Should().NotThrow();
        }

        sink.Received.Should().HaveCount(2);
        pending.Invoking(all => all.Flush()).Should().NotThrow("each loss is judged once");
        pending.Add(tensor(double.NaN), sink, 2, new("loss", 6));
        pending.Decide(tensor(0f));
        pending.Invoking(all => all.Flush()).Should().Throw<NonFiniteLossException>("a decision is for the losses before it").WithMessage("*iteration 6*");
    }

    private sealed class Sink : IScalarSink
    {
        public List<(int Slot, double Value)> Received { get; } = [];

        public void Resolve(int slot, double value) => Received.Add((slot, value));
    }
}
