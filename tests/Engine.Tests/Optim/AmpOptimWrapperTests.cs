using Compat.Engine.Hooks;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Amp;
using Compat.Torch.Logging;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

public sealed class AmpOptimWrapperTests
{
    private static readonly AmpOptimWrapperOptions Scaled = new() { Optimizer = new FusedSgdOptions { Lr = 0.1, Momentum = 0.9 }, LossScale = 1024, Autocast = false };

    [Fact]
    public void On_a_CPU_the_model_computes_in_bfloat16_by_default_and_the_log_says_so()
    {
        ScalarType? inside = null;
        using TestRun run = new();
        using SeenModel model = new(type => inside = type);

        run.Train(run.Options with { Model = model, OptimWrapper = Scaled with { Autocast = true } });

        inside.Should().Be(ScalarType.BFloat16);
        Autocast.IsEnabled(DeviceType.CPU).Should().BeFalse("it ends with the forward");
        run.Logger.Ours.Where(line => line.Id == CompatEvents.AmpPrecision.Id).Should().ContainSingle().Which.Text.Should().Be(
            "AmpOptimWrapper casts to bfloat16: that is what Dtype = null means on a CPU. On CUDA it means float16.");
    }

    [Theory]
    [InlineData(true, ScalarType.BFloat16, ScalarType.BFloat16)]
    [InlineData(false, null, ScalarType.Float32)]
    [InlineData(false, ScalarType.Float16, ScalarType.Float32)]
    public void A_precision_that_is_given_or_not_used_is_worth_no_line(bool autocast, ScalarType? dtype, ScalarType expected)
    {
        ScalarType? inside = null;
        using TestRun run = new();
        using SeenModel model = new(type => inside = type);

        run.Train(run.Options with { Model = model, OptimWrapper = Scaled with { Autocast = autocast, Dtype = dtype } });

        inside.Should().Be(expected);
        run.Logger.Ours.Where(line => line.Id == CompatEvents.AmpPrecision.Id).Should().BeEmpty();
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Int32)]
    public void Another_precision_on_a_CPU_is_refused_when_the_wrapper_is_built(ScalarType dtype)
    {
        using TestModel model = new();

        Action act = () => (Scaled with { Autocast = true, Dtype = dtype }).Build(model);

        act.Should().Throw<ArgumentException>().WithMessage(
            $"Dtype is {dtype}, but the model is on a CPU, where autocast knows bfloat16 only. Leave Dtype out or write ScalarType.BFloat16, move the model to a GPU, or "
            + "set Autocast = false to scale the loss and cast nothing.");
    }

    [Fact]
    public void Counts_are_checked_before_the_scale_as_in_the_original()
    {
        using TestModel model = new();
        GradScalerOptions wrong = new() { GrowthFactor = 0.5 };

        Action both = () => (Scaled with { AccumulativeCounts = 0, LossScale = wrong }).Build(model);
        Action scale = () => (Scaled with { LossScale = wrong, Autocast = true, Dtype = ScalarType.Float16 }).Build(model);

        both.Should().Throw<ArgumentOutOfRangeException>().WithMessage("AccumulativeCounts is 0*");
        scale.Should().Throw<ArgumentOutOfRangeException>().WithMessage("GrowthFactor is 0.5*");
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public void A_scale_that_is_a_power_of_two_changes_no_bit_of_the_weights(int counts, bool clips)
    {
        OptimWrapperOptions plain = new()
        {
            Optimizer = Scaled.Optimizer,
            AccumulativeCounts = counts,
            ClipGrad = clips ? new GradClipNormOptions { MaxNorm = 0.05 } : null,
        };
        AmpOptimWrapperOptions scaled = Scaled with { AccumulativeCounts = plain.AccumulativeCounts, ClipGrad = plain.ClipGrad };

        (float weight, double norm) = Train(plain);

        Train(scaled).Should().Be((weight, norm));
        Train(scaled with { LossScale = 7.3 }).Weight.Should().BeApproximately(weight, 1e-5f);
        Train(scaled with { Optimizer = new FusedSgdOptions { Lr = 0.2 } }).Weight.Should().NotBe(weight, "the comparison sees differences");
    }

    [Fact]
    public void Within_a_window_gradients_are_scaled_and_the_probe_sees_them_unscaled()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using BaseOptimWrapper wrapper = (Scaled with { AccumulativeCounts = 2 }).Build(model);
        List<float> seen = [];
        IterationProbe probe = new();
        probe.Gradients += _ => seen.Add(model.Weight.grad!.item<float>());
        probe.Clipped += _ => seen.Add(model.Weight.grad!.item<float>());
        wrapper.Attach(Context(probe));

        wrapper.UpdateParams((model.Weight * 3).sum());
        model.Weight.grad!.item<float>().Should().Be(1.5f * 1024);
        wrapper.UpdateParams((model.Weight * 1).sum());

        seen.Should().Equal(2, 2);
    }

    [Theory]
    [InlineData(Implementation.Fused)]
    [InlineData(Implementation.PerParameter)]
    public void An_overflow_leaves_the_update_out_counts_it_and_is_told(Implementation implementation)
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using AmpOptimWrapper wrapper = (AmpOptimWrapper)(Scaled with
        {
            Optimizer = new FusedOptimizerChoice(new FusedSgdOptions { Lr = 0.1 }, implementation),
            LossScale = new GradScalerOptions { InitScale = 8, GrowthInterval = 2 },
        }).Build(model);
        List<float> told = [];
        IterationProbe probe = new();
        probe.Skipped += (optimizer, isSkipped) => told.Add(optimizer == wrapper.Optimizer ? isSkipped.item<float>() : -1);
        wrapper.Attach(Context(probe));

        wrapper.SkippedStep.Should().BeNull();
        wrapper.UpdateParams((model.Weight * float.PositiveInfinity).sum());
        wrapper.SkippedStep!.item<float>().Should().BePositive();
        wrapper.FinishIter();
        wrapper.SkippedStep.Should().BeNull("the iteration is over");
        model.Weight.item<float>().Should().Be(1);
        wrapper.LossScaler.GetScale().Should().Be(4);

        wrapper.UpdateParams(model.Weight.sum());
        wrapper.SkippedStep!.item<float>().Should().Be(0);
        model.Weight.item<float>().Should().BeApproximately(0.9f, 1e-6f);
        wrapper.UpdateCount.Should().Be(2);
        told.Should().Equal(1, 0);
    }

    [Fact]
    public void In_an_iteration_of_several_updates_one_that_is_left_out_counts()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using BaseOptimWrapper wrapper = Scaled.Build(model);

        wrapper.UpdateParams((model.Weight * float.NaN).sum());
        wrapper.UpdateParams(model.Weight.sum());

        wrapper.SkippedStep!.item<float>().Should().BePositive();
    }

    [Fact]
    public void An_update_that_is_not_decided_yet_counts_more_than_one_that_was_made_before()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using BaseOptimWrapper wrapper = (Scaled with { AccumulativeCounts = 2 }).Build(model);
        wrapper.InitializeCountStatus(model, 0, 4, NullLogger.Instance);

        wrapper.UpdateParams(model.Weight.sum());
        wrapper.UpdateParams(model.Weight.sum());
        wrapper.SkippedStep!.item<float>().Should().Be(0);
        wrapper.UpdateParams(model.Weight.sum());

        wrapper.SkippedStep!.item<float>().Should().BePositive();
    }

    [Fact]
    public void A_model_where_nothing_can_be_cast_is_refused_unless_nothing_shall_be()
    {
        using TestModel model = new();
        model.MoveTo(META);

        Action act = () => (Scaled with { Autocast = true }).Build(model);

        act.Should().Throw<ArgumentException>().WithMessage(
            "The model is on META, where nothing can be cast; autocast knows CPU and CUDA. Set Autocast = false to scale the loss and cast nothing.");
    }

    [Fact]
    public void Disposing_it_frees_the_scaler_and_the_optimizer_that_it_built()
    {
        using TestModel model = new();
        long before = LiveTensors.Settled();
        AmpOptimWrapper wrapper = (AmpOptimWrapper)Scaled.Build(model);
        using (NewDisposeScope())
        {
            wrapper.UpdateParams(model.Weight.sum());
            wrapper.ZeroGrad();
        }

        wrapper.Dispose();

        LiveTensors.Settled().Should().Be(before);
    }

    [Fact]
    public void Without_a_runner_nothing_is_asked_of_earlier_iterations()
    {
        using TestModel model = new();
        using AmpOptimWrapper wrapper = (AmpOptimWrapper)Scaled.Build(model);
        for (int i = 0; i < 3; i++)
        {
            using DisposeScope iteration = NewDisposeScope();
            wrapper.UpdateParams(model.Weight.sum());
        }

        wrapper.UpdateCount.Should().Be(3, "what the first iteration left is gone with its scope");
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 2)]
    [InlineData(2, 3)]
    public void A_loss_that_is_not_finite_is_no_error_where_its_update_is_left_out(int counts, int bad)
    {
        using TestRun run = new() { Model = Exploding(bad) };
        AmpOptimWrapperOptions options = Scaled with { AccumulativeCounts = counts };

        run.Invoking(own => own.Train(own.Options with { TrainDataloader = ToyDataset.Loader(8), OptimWrapper = options })).Should().NotThrow();

        float.IsFinite(run.Model.Weight.item<float>()).Should().BeTrue();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void With_the_scaler_off_it_is_an_error(int counts)
    {
        using TestRun run = new() { Model = Exploding(3) };
        AmpOptimWrapperOptions options = Scaled with { AccumulativeCounts = counts, LossScale = new GradScalerOptions { Enabled = false } };

        run.Invoking(own => own.Train(own.Options with { TrainDataloader = ToyDataset.Loader(8), OptimWrapper = options })).Should().Throw<NonFiniteLossException>();
    }

    [Fact]
    public void A_loss_that_is_infinite_with_finite_gradients_is_an_error_because_the_update_is_made()
    {
        using TestRun run = new()
        {
            Model = new TestModel { Losses = (iteration, loss) => new LossDict { ["loss"] = loss + (iteration == 3 ? float.PositiveInfinity : 0) } },
        };

        run.Invoking(own => own.Train(own.Options with { TrainDataloader = ToyDataset.Loader(8), OptimWrapper = Scaled })).Should().Throw<NonFiniteLossException>();
    }

    [Fact]
    public void A_training_all_of_whose_updates_are_left_out_is_told_that_nothing_changes()
    {
        using TestRun run = new() { Model = new TestModel { Losses = (_, loss) => new LossDict { ["loss"] = loss * float.PositiveInfinity } } };

        run.Train(run.Options with { TrainDataloader = ToyDataset.Loader(40), OptimWrapper = Scaled });

        run.Logger.DoubtsAboutTraining.Should().ContainSingle();
    }

    [Fact]
    public void A_training_that_skips_now_and_then_is_not_doubted()
    {
        using TestRun run = new() { Model = Exploding(3) };

        run.Train(run.Options with { TrainDataloader = ToyDataset.Loader(60), OptimWrapper = Scaled });

        run.Logger.DoubtsAboutTraining.Should().BeEmpty();
    }

    [Fact]
    public void A_state_that_does_not_fit_changes_neither_the_optimizer_nor_the_scaler()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using AmpOptimWrapper saving = Trained(model, 64);
        using AmpOptimWrapper wrapper = Trained(model, 1024);
        PthDict good = saving.SaveState();
        PthDict groups = With(good, "param_groups", new PthSequence(PthSequenceKind.List));
        PthDict scaler = With(good, "loss_scaler", new PthDict { ["scale"] = 2.0 });
        PthDict tooLarge = With(good, "loss_scaler", new GradScalerState(1e300, 2, 0.5, 10, 0).ToPth());
        PthDict noDictionary = With(good, "loss_scaler", 5);
        GradScalerState? before = wrapper.LossScaler.SaveState();
        float momentum = MomentumOf(wrapper);
        MomentumOf(saving).Should().NotBe(momentum);

        foreach (PthDict bad in new[] { groups, scaler, tooLarge, noDictionary })
        {
            wrapper.Invoking(own => own.LoadState(bad)).Should().Throw<PthException>();
            wrapper.LossScaler.SaveState().Should().Be(before);
            MomentumOf(wrapper).Should().Be(momentum);
        }

        wrapper.LoadState(good);
        wrapper.LossScaler.GetScale().Should().Be(64);
        MomentumOf(wrapper).Should().Be(MomentumOf(saving));
        good.TryGetValue("loss_scaler", out PthValue? _).Should().BeTrue("what was given stays as it is");
    }

    [Fact]
    public void Resumed_in_the_middle_of_a_window_the_weights_are_those_of_a_run_without_a_break()
    {
        using DisposeScope scope = NewDisposeScope();
        AmpOptimWrapperOptions options = Scaled with { AccumulativeCounts = 3, LossScale = new GradScalerOptions { InitScale = 8, GrowthInterval = 1 } };
        using TestModel whole = new();
        using BaseOptimWrapper unbroken = options.Build(whole);
        Iterate(unbroken, whole, 0, 8);
        for (int cut = 0; cut <= 8; cut++)
        {
            using TestModel first = new();
            using BaseOptimWrapper before = options.Build(first);
            Iterate(before, first, 0, cut);
            using TestModel second = new();
            using BaseOptimWrapper after = options.Build(second);
            using (no_grad())
            {
                second.Weight.copy_(first.Weight);
            }

            after.LoadState(before.SaveState());
            after.InitializeCountStatus(second, cut, 8, NullLogger.Instance);
            after.LoadProgress(before.SaveProgress());
            Iterate(after, second, cut, 8, initialize: false);

            second.Weight.item<float>().Should().Be(whole.Weight.item<float>(), $"cut at {cut}");
            ((AmpOptimWrapper)after).LossScaler.SaveState().Should().Be(((AmpOptimWrapper)unbroken).LossScaler.SaveState());
        }
    }

    [Fact]
    public void Settings_that_no_training_wants_are_said_once_when_they_come()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        ListLogger logger = new();
        using AmpOptimWrapper wrapper = (AmpOptimWrapper)(Scaled with { LossScale = new GradScalerOptions { InitScale = 4, GrowthInterval = 0 } }).Build(model);
        wrapper.Attach(Context(new(), logger));
        logger.Ours.Where(line => line.Id == CompatEvents.OddLossScale.Id).Should().ContainSingle();

        PthDict state = wrapper.SaveState();
        wrapper.LoadState(state);
        logger.Ours.Where(line => line.Id == CompatEvents.OddLossScale.Id).Should().ContainSingle();
        state["loss_scaler"] = new GradScalerState(4, 2, 0.5, 3, 7).ToPth();
        wrapper.LoadState(state);
        logger.Ours.Where(line => line.Id == CompatEvents.OddLossScale.Id).Should().HaveCount(2);
    }

    [Fact]
    public void Changing_a_setting_keeps_the_kind_of_wrapper()
    {
        OptimWrapperOptions options = Scaled;

        (options with { AccumulativeCounts = 2 }).Should().Be(Scaled with { AccumulativeCounts = 2 }).And.BeOfType<AmpOptimWrapperOptions>();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Tensors_do_not_grow(int counts)
    {
        using TestRun run = new() { Model = Exploding(3) };
        List<long> alive = [];
        FlatHook hook = new(alive);

        RunnerOptions options = run.Options with { TrainDataloader = ToyDataset.Loader(12), TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 20 } };
        run.Train(options with { OptimWrapper = Scaled with { AccumulativeCounts = counts } }, hook);

        alive[^1].Should().BeLessThanOrEqualTo(alive[1]);
    }

    private static void Iterate(BaseOptimWrapper wrapper, TestModel model, int from, int to, bool initialize = true)
    {
        if (initialize)
        {
            wrapper.InitializeCountStatus(model, from, 8, NullLogger.Instance);
        }

        for (int i = from; i < to; i++)
        {
            using DisposeScope iteration = NewDisposeScope();
            wrapper.UpdateParams((model.Weight * (i + 1)).pow(2).sum() * (i == 1 ? float.PositiveInfinity : 1));
        }
    }

    private static AmpOptimWrapper Trained(TestModel model, double scale)
    {
        AmpOptimWrapper wrapper = (AmpOptimWrapper)(Scaled with { LossScale = new GradScalerOptions { InitScale = scale } }).Build(model);
        wrapper.UpdateParams((model.Weight * scale).sum());
        return wrapper;
    }

    private static float MomentumOf(OptimWrapper wrapper) => ((FusedSgd)wrapper.Optimizer).StateOf(((FusedSgd)wrapper.Optimizer).parameters().Single())["momentum_buffer"]!.item<float>();

    private static PthDict With(PthDict state, string name, PthValue value)
    {
        PthDict changed = [];
        foreach ((PthValue key, PthValue own) in state)
        {
            changed.Set(key, key is PthText text && text.Value == name ? value : own);
        }

        return changed;
    }

    private static OptimWrapperContext Context(IterationProbe probe, ListLogger? logger = null) =>
        new() { MessageHub = new MessageHub(), Logger = logger ?? new ListLogger(), Probe = probe };

    private static TestModel Exploding(int bad) =>
        new() { Losses = (iteration, loss) => new LossDict { ["loss"] = loss * (iteration == bad ? float.PositiveInfinity : 1) } };

    private static (float Weight, double Norm) Train(OptimWrapperOptions options)
    {
        using TestRun run = new() { Model = new TestModel { Losses = (iteration, loss) => new LossDict { ["loss"] = (loss + 0.1) * (iteration + 1.7) } } };
        using (no_grad())
        {
            run.Model.Weight.fill_(2);
        }

        Runner runner = run.Train(run.Options with { TrainDataloader = ToyDataset.Loader(7), OptimWrapper = options });
        double norm = runner.MessageHub.Scalars.ContainsKey("train/grad_norm") ? runner.MessageHub.GetScalar("train/grad_norm").Mean() : 0;
        return (run.Model.Weight.item<float>(), norm);
    }

    private sealed class FlatHook(List<long> alive) : Hook
    {
        public override void AfterTrainEpoch(Runner runner)
        {
            runner.MessageHub.Pending.Flush();
            alive.Add(Tensor.TotalCount);
        }
    }

    private sealed class SeenModel : BaseModel<ToyBatch>
    {
        private readonly TorchSharp.Modules.Linear linear = nn.Linear(1, 1);
        private readonly Action<ScalarType> seen;

        public SeenModel(Action<ScalarType> seen)
        {
            this.seen = seen;
            RegisterComponents();
        }

        protected override LossDict Loss(ToyBatch batch)
        {
            Tensor output = linear.forward(batch.Img);
            seen(output.dtype);
            return new() { ["loss"] = (output - batch.Label).pow(2).mean() };
        }
    }
}
