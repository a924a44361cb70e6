using Compat.TestSupport;
using Compat.Torch.Amp;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Amp;

public sealed class GradScalerTests
{
    /// <summary>
    /// The state machine by PyTorch's rules (docs of torch.amp.GradScaler): an infinity multiplies the scale by the backoff factor and sets the tracker to 0; otherwise
    /// the tracker counts up, and at the interval the scale is multiplied by the growth factor and the tracker set to 0. One letter per iteration: f finite, i infinite.
    /// Expected: scale and tracker after each.
    /// </summary>
    public static TheoryData<string, string> Sequences => new()
    {
        { "fff", "8/1 8/2 16/0" },
        { "ffffff", "8/1 8/2 16/0 16/1 16/2 32/0" },
        { "i", "2/0" },
        { "ffifff", "8/1 8/2 2/0 2/1 2/2 4/0" },
        { "iii", "2/0 0.5/0 0.125/0" },
        { "fifif", "8/1 2/0 2/1 0.5/0 0.5/1" },
    };

    public static TheoryData<FusedOptimizerOptions> Kinds =>
    [
        new FusedSgdOptions { Lr = 0.1, Momentum = 0.9 },
        new FusedSgdOptions { Lr = 0.1, Momentum = 0.9, Dampening = 0.5 },
        new FusedAdamOptions { Lr = 0.1 },
        new FusedAdamWOptions { Lr = 0.1 },
        new FusedAdagradOptions { Lr = 0.1, LrDecay = 0.5 },
        new FusedRmsPropOptions { Lr = 0.1 },
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_step_that_the_kernel_leaves_out_leaves_no_trace(FusedOptimizerOptions options)
    {
        float fused = Trained(options, Implementation.Auto, "iffiif");

        fused.Should().BeApproximately(Trained(options, Implementation.PerParameter, "iffiif"), 1e-6f);
        fused.Should().BeApproximately(Trained(options, Implementation.PerParameter, "fff"), 1e-6f, "as if there had been none");
        fused.Should().NotBe(Trained(options, Implementation.PerParameter, "ff"));
    }

    [Theory]
    [MemberData(nameof(Sequences))]
    public void The_scale_follows_what_was_found(string sequence, string expected)
    {
        foreach (bool fused in new[] { true, false })
        {
            using DisposeScope scope = NewDisposeScope();
            using GradScaler scaler = new(new() { InitScale = 8, GrowthFactor = 2, BackoffFactor = 0.25, GrowthInterval = 3 });
            Parameter weight = new(ones(2));
            using optim.Optimizer optimizer = fused ? new FusedSgd([weight], new()) : optim.SGD([weight], 0.001);
            List<string> seen = [];
            foreach (char kind in sequence)
            {
                scaler.Scale((weight * (kind == 'i' ? float.PositiveInfinity : 1f)).sum()).backward();
                scaler.Step(optimizer);
                scaler.Update();
                OptimizerGroup.ClearGradients(optimizer);
                GradScalerState state = scaler.SaveState()!;
                seen.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{state.Scale}/{state.GrowthTracker}"));
            }

            string.Join(' ', seen).Should().Be(expected);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_update_with_an_infinity_is_left_out_and_a_finite_one_is_that_of_plain_training(bool fused)
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new(new() { InitScale = 1024 });
        Parameter weight = new(ones(2));
        using optim.Optimizer optimizer = fused ? new FusedSgd([weight], new() { Lr = 0.5, Momentum = 0.9 }) : optim.SGD([weight], 0.5, 0.9);

        scaler.Scale((weight * float.NaN).sum()).backward();
        scaler.Step(optimizer);
        scaler.Update();
        weight.ToArray().Should().Equal(1f, 1f);

        OptimizerGroup.ClearGradients(optimizer);
        scaler.Scale((weight * 2f).sum()).backward();
        scaler.Step(optimizer);
        scaler.Update();
        weight.ToArray().Should().Equal(0f, 0f);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_skipped_update_of_Adam_or_Adagrad_does_not_count(bool isAdam)
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new();
        Parameter weight = new(ones(2));
        using FusedOptimizer optimizer = isAdam ? new FusedAdam([weight]) : new FusedAdagrad([weight], new());
        foreach (float factor in new[] { 1f, float.PositiveInfinity, 1f })
        {
            scaler.Scale((weight * factor).sum()).backward();
            scaler.Step(optimizer);
            scaler.Update();
            optimizer.zero_grad();
        }

        optimizer.StateOf(weight)["step"].item<float>().Should().Be(2);
    }

    /// <summary>With dampening the first update that is made takes the whole gradient: 1 - 0.5 · 2, then 0.8 of it and 0.8 · 2 more.</summary>
    [Fact]
    public void The_first_update_of_SGD_with_dampening_is_the_first_that_is_made()
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new();
        Parameter weight = new(ones(1));
        using FusedSgd optimizer = new([weight], new() { Lr = 0.5, Momentum = 0.8, Dampening = 0.2 });
        foreach (float factor in new[] { float.PositiveInfinity, 2f, 2f })
        {
            scaler.Scale((weight * factor).sum()).backward();
            scaler.Step(optimizer);
            scaler.Update();
            optimizer.zero_grad();
        }

        weight.item<float>().Should().BeApproximately(0f - (0.5f * 3.2f), 1e-6f);
    }

    [Fact]
    public void Unscaled_gradients_are_the_true_ones_and_are_not_unscaled_again()
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new(new() { InitScale = 256 });
        Parameter weight = new(ones(2));
        using FusedSgd optimizer = new([weight], new() { Lr = 1 });
        scaler.Scale((weight * 3f).sum()).backward();
        weight.grad!.ToArray().Should().Equal(768f, 768f);

        scaler.Unscale(optimizer);
        weight.grad!.ToArray().Should().Equal(3f, 3f);
        scaler.Step(optimizer);

        weight.ToArray().Should().Equal(-2f, -2f);
    }

    [Fact]
    public void A_fixed_scale_stays_and_infinite_updates_are_still_left_out()
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new(new() { InitScale = 512 });
        Parameter weight = new(ones(1));
        using FusedSgd optimizer = new([weight], new() { Lr = 1 });
        scaler.Scale((weight * float.PositiveInfinity).sum()).backward();

        scaler.Step(optimizer);
        scaler.Update(512);

        weight.item<float>().Should().Be(1);
        scaler.GetScale().Should().Be(512);
    }

    [Fact]
    public void State_goes_to_another_scaler()
    {
        using GradScaler first = new();
        using GradScaler second = new(new() { InitScale = 4 });
        GradScalerState state = new(32, 3, 0.25, 7, 2);

        first.LoadState(state);
        second.LoadState(first.SaveState()!);

        second.SaveState().Should().Be(state);
    }

    [Fact]
    public void State_goes_through_a_file_by_PyTorchs_names()
    {
        using TemporaryFolder folder = new();
        GradScalerState state = new(32, 3, 0.25, 7, 2);
        PthFile.Write(folder.File("scaler.pth"), state.ToPth());

        using PthFile file = PthFile.Read(folder.File("scaler.pth"));

        PthDict read = (PthDict)file.Root;
        read.Select(entry => ((PthText)entry.Key).Value).Should().Equal("scale", "growth_factor", "backoff_factor", "growth_interval", "_growth_tracker");
        GradScalerState.FromPth(read).Should().Be(state);
        Action off = () => GradScalerState.FromPth([]);
        read["_growth_tracker"] = 1e300;
        Action huge = () => GradScalerState.FromPth(read);
        huge.Should().Throw<PthException>().WithMessage("The state of a GradScaler has 1E+300 under '_growth_tracker'; it must be a whole number from 0 to 2147483647.*");
        off.Should().Throw<PthException>().WithMessage("The value is no state of a GradScaler: it lacks the number 'scale'.*a scaler that was off has none, so begin with a new one.");
    }

    [Fact]
    public void A_scaler_that_is_off_passes_everything_on()
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new(new() { Enabled = false });
        Parameter weight = new(ones(1));
        using FusedSgd optimizer = new([weight], new() { Lr = 1 });
        Tensor loss = weight.sum();

        scaler.Scale(loss).Should().BeSameAs(loss);
        loss.backward();
        scaler.Step(optimizer);
        scaler.Update();

        weight.item<float>().Should().Be(0);
        scaler.SaveState().Should().BeNull();
        scaler.GetScale().Should().Be(1);
    }

    [Fact]
    public void Calls_in_the_wrong_order_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new();
        Parameter weight = new(ones(1));
        using FusedSgd optimizer = new([weight], new());
        Action unscale = () => scaler.Unscale(optimizer);
        Action step = () => scaler.Step(optimizer);
        Action update = () => scaler.Update();

        unscale.Should().Throw<InvalidOperationException>().WithMessage("The scaler has not scaled a loss yet. Call Scale(loss).backward() first.");
        Tensor loss = scaler.Scale(weight.sum());
        update.Should().Throw<InvalidOperationException>().WithMessage("Update was called, but no gradients were looked at since the last one. Call Step before Update.");
        step.Should().Throw<InvalidOperationException>().WithMessage("No parameter of this optimizer has a gradient. Call backward on the scaled loss first.");
        loss.backward();
        unscale();
        unscale.Should().Throw<InvalidOperationException>().WithMessage("Unscale was called twice for this optimizer since the last Update. Call it once in an iteration.");
        step();
        unscale.Should().Throw<InvalidOperationException>().WithMessage("Unscale was called after Step. Call it before.");
        step.Should().Throw<InvalidOperationException>().WithMessage("Step was called twice for this optimizer since the last Update. Call Update after each iteration.");
        update();
        scaler.Scale(weight.sum()).backward();
        step.Should().NotThrow();
    }

    [Fact]
    public void Half_precision_gradients_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new();
        Parameter weight = new(ones(1, ScalarType.Float16));
        using optim.Optimizer optimizer = optim.SGD([weight], 0.1);
        scaler.Scale(weight.sum()).backward();
        Action unscale = () => scaler.Unscale(optimizer);

        unscale.Should().Throw<InvalidOperationException>().WithMessage("A gradient is float16*Keep the weights in float32*");
    }

    [Theory]
    [InlineData("GrowthFactor is 1; it must be above 1. The usual one is 2.", 1, 0.5)]
    [InlineData("GrowthFactor is NaN; it must be above 1. The usual one is 2.", double.NaN, 0.5)]
    [InlineData("BackoffFactor is 1; it must be below 1. The usual one is 0.5.", 2, 1)]
    [InlineData("BackoffFactor is NaN; it must be below 1. The usual one is 0.5.", 2, double.NaN)]
    public void Factors_that_PyTorch_refuses_are_refused_but_not_by_a_scaler_that_is_off_or_in_a_state(string message, double growth, double backoff)
    {
        GradScalerOptions options = new() { GrowthFactor = growth, BackoffFactor = backoff };
        Action make = () => new GradScaler(options);
        make.Should().Throw<ArgumentOutOfRangeException>().WithMessage($"{message}*");

        using GradScaler off = new(options with { Enabled = false });
        using GradScaler scaler = new();
        scaler.LoadState(new(8, growth, backoff, 2000, 0));

        scaler.SaveState().Should().Be(new GradScalerState(8, growth, backoff, 2000, 0));
    }

    [Theory]
    [InlineData(0, 2, 0.5, 2000, 0, "The loss scale is 0; it should be above 0 and finite. Use 65536, the usual one.")]
    [InlineData(-4, 2, 0.5, 2000, 0, "The loss scale is -4; it should be above 0 and finite.*")]
    [InlineData(double.NaN, 2, 0.5, 2000, 0, "The loss scale is NaN; it should be above 0 and finite.*")]
    [InlineData(1e39, 2, 0.5, 2000, 0, "The loss scale is 1E+39; it should be above 0 and finite.*")]
    [InlineData(1, double.PositiveInfinity, 0.5, 2000, 0, "The growth factor of the loss scale is Infinity; it should be above 1 and finite. The scale does not grow: use 2.")]
    [InlineData(1, 2, 0, 2000, 0, "The backoff factor of the loss scale is 0; it should be above 0 and below 1. The scale is lost at an overflow: use 0.5.")]
    [InlineData(1, 2, 0.5, 0, 7, "The growth interval of the loss scale is 0; it should be at least 1. The scale never grows: use 2000, or a fixed scale if that is meant.")]
    [InlineData(1, 2, 0.5, 3, 3, "The growth tracker of the loss scale is 3; it should be from 0 to 2, below the growth interval. The scale does not grow until an overflow has set it back.")]
    [InlineData(1, 2, 0.5, 3, -1, "The growth tracker of the loss scale is -1; it should be from 0 to 2*")]
    public void What_no_training_wants_is_said_once(double scale, double growth, double backoff, int interval, int tracker, string line)
    {
        ListLogger logger = new();
        using GradScaler scaler = new();
        scaler.WarnIfOdd(logger);
        logger.Lines.Should().BeEmpty();

        scaler.LoadState(new(scale, growth, backoff, interval, tracker));
        scaler.WarnIfOdd(logger);
        scaler.WarnIfOdd(logger);

        logger.Ours.Should().ContainSingle().Which.Text.Should().Match(line);
        using GradScaler off = new(new() { Enabled = false, InitScale = 0 });
        off.WarnIfOdd(logger);
        logger.Ours.Should().ContainSingle("a scaler that is off scales nothing");
    }

    [Fact]
    public void The_scale_is_as_it_was_given_until_the_first_loss_and_a_float32_then()
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new(new() { InitScale = 7.3 });

        scaler.GetScale().Should().Be(7.3);
        scaler.Scale(ones(1));

        scaler.GetScale().Should().Be(7.300000190734863);
    }

    [Fact]
    public void A_scale_beyond_float32_is_refused_where_it_becomes_one_and_the_scaler_stays_as_it_was()
    {
        using DisposeScope scope = NewDisposeScope();
        const string Message = "The scale is 1E+39; float32 holds numbers up to 3.4e38. Use a smaller one: the usual one at the start is 65536.";
        using GradScaler large = new(new() { InitScale = 1e39 });
        using GradScaler scaler = new();
        GradScalerState before = scaler.SaveState()!;
        scaler.Scale(ones(1));
        Action scale = () => large.Scale(ones(1));
        Action update = () => scaler.Update(1e39);
        Action load = () => scaler.LoadState(new(1e39, 3, 0.1, 7, 5));

        scale.Should().Throw<InvalidOperationException>().WithMessage(Message);
        update.Should().Throw<InvalidOperationException>().WithMessage(Message);
        load.Should().Throw<InvalidOperationException>().WithMessage(Message);
        scaler.SaveState().Should().Be(before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_step_tells_what_was_decided_and_the_answer_outlives_the_update(bool fused)
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new();
        Parameter weight = new(ones(1));
        using optim.Optimizer optimizer = fused ? new FusedSgd([weight], new()) : optim.SGD([weight], 0.1);
        List<float> answers = [];
        foreach (float factor in new[] { 1f, float.PositiveInfinity })
        {
            scaler.Scale((weight * factor).sum()).backward();
            Tensor isSkipped = scaler.Step(optimizer)!;
            scaler.Update();
            answers.Add(isSkipped.item<float>());
        }

        answers.Should().Equal(0, 1);
    }

    [Fact]
    public void An_optimizer_without_gradients_can_be_unscaled_but_not_stepped()
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new();
        Parameter weight = new(ones(1));
        Parameter spare = new(ones(1));
        using FusedSgd optimizer = new([weight], new());
        using FusedSgd idle = new([spare], new());
        scaler.Scale(weight.sum()).backward();
        scaler.Unscale(idle);
        scaler.Step(optimizer);
        Action step = () => scaler.Step(idle);
        step.Should().Throw<InvalidOperationException>().WithMessage("No parameter of this optimizer has a gradient.*");

        scaler.Update();

        scaler.SaveState()!.GrowthTracker.Should().Be(1);
    }

    [Fact]
    public void A_refused_half_precision_gradient_leaves_the_others_scaled()
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new(new() { InitScale = 8 });
        Parameter weight = new(ones(1));
        Parameter half = new(ones(1, ScalarType.Float16));
        using optim.Optimizer optimizer = optim.SGD([weight, half], 0.1);
        scaler.Scale(weight.sum() + half.sum().to(ScalarType.Float32)).backward();
        Action unscale = () => scaler.Unscale(optimizer);

        unscale.Should().Throw<InvalidOperationException>();

        weight.grad!.item<float>().Should().Be(8);
    }

    [Fact]
    public void Steps_leave_no_tensors()
    {
        using GradScaler scaler = new();
        using Parameter weight = new(ones(1));
        using FusedSgd optimizer = new([weight], new());
        void Iterate()
        {
            using DisposeScope scope = NewDisposeScope();
            scaler.Scale(weight.sum()).backward();
            scaler.Unscale(optimizer);
            scaler.Step(optimizer);
            scaler.Update();
            optimizer.zero_grad();
        }

        Iterate();
        long before = LiveTensors.Settled();
        Iterate();

        LiveTensors.Settled().Should().Be(before);
    }

    [Theory]
    [InlineData("growth_interval", 2.7, "a whole number from 0 to 2147483647")]
    [InlineData("growth_interval", -3, "a whole number from 0 to 2147483647")]
    [InlineData("growth_interval", double.NaN, "a whole number from 0 to 2147483647")]
    [InlineData("_growth_tracker", -1, "a whole number from 0 to 2147483647")]
    [InlineData("_growth_tracker", 4294967296.0, "a whole number from 0 to 2147483647")]
    [InlineData("scale", 0, "a finite number from 1.401298464324817E-45 to 3.4028234663852886E+38")]
    [InlineData("scale", -4, "a finite number from 1.4*")]
    [InlineData("scale", 1e300, "a finite number from 1.4*")]
    [InlineData("scale", 1e-60, "a finite number from 1.4*")]
    [InlineData("scale", double.PositiveInfinity, "a finite number from 1.4*")]
    [InlineData("scale", double.NaN, "a finite number from 1.4*")]
    [InlineData("growth_factor", double.PositiveInfinity, "a finite number")]
    [InlineData("backoff_factor", double.NaN, "a finite number")]
    public void A_number_in_a_state_that_no_training_goes_on_from_is_refused(string entry, double number, string range)
    {
        PthDict state = new GradScalerState(1, 2, 0.5, 3, 1).ToPth();
        state[entry] = number;
        Action read = () => GradScalerState.FromPth(state);

        read.Should().Throw<PthException>().WithMessage(
            FormattableString.Invariant($"The state of a GradScaler has {number} under '{entry}'; it must be {range}*take an older one, or begin with a new scaler."));
    }

    [Theory]
    [InlineData(1.401298464324817E-45, 0, 0)]
    [InlineData(float.MaxValue, int.MaxValue, int.MaxValue)]
    public void The_ends_of_the_ranges_are_taken(double scale, int interval, int tracker)
    {
        GradScalerState state = new(scale, 2, 0.5, interval, tracker);

        GradScalerState.FromPth(state.ToPth()).Should().Be(state);
    }

    // One letter per update: f finite, i infinite.
    private static float Trained(FusedOptimizerOptions options, Implementation implementation, string sequence)
    {
        using DisposeScope scope = NewDisposeScope();
        using GradScaler scaler = new(new() { InitScale = 8 });
        Parameter weight = new(ones(1));
        using FusedOptimizer optimizer = options.Build([new ParameterGroup([weight])], implementation);
        foreach (char kind in sequence)
        {
            scaler.Scale((weight * (kind == 'i' ? float.PositiveInfinity : weight)).sum()).backward();
            scaler.Step(optimizer);
            scaler.Update();
            optimizer.zero_grad();
        }

        return weight.item<float>();
    }
}
