using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Amp;
using Compat.Torch.Native;
using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

/// <summary>Between two log lines no tensor is read on the host, so a GPU is never waited for.</summary>
public sealed class RunnerReadsTests
{
    public static TheoryData<OptimizerConfig> Hooks => new()
    {
        new OptimizerConfig(),
        new OptimizerConfig { GradClip = new GradClipConfig(0.1) },
        new GradientCumulativeOptimizerConfig { CumulativeIters = 3 },
        new Fp16OptimizerConfig { LossScale = 8 },
        new Fp16OptimizerConfig { LossScale = LossScale.Dynamic, GradClip = new GradClipConfig(0.1) },
        new GradientCumulativeFp16OptimizerConfig { CumulativeIters = 3, LossScale = LossScale.Dynamic },
    };

    [Theory]
    [MemberData(nameof(Hooks))]
    public void No_iteration_between_two_log_lines_reads_a_tensor(OptimizerConfig hook) => ReadsPerIteration(hook).Should().OnlyContain(reads => reads == 0);

    [Fact]
    public void A_hook_that_reads_is_noticed() => ReadsPerIteration(
        new OptimizerConfig(), new ActionHook { AtAfterTrainIter = runner => HostRead.Number<float>(runner.Outputs!.Loss!) }).Should().OnlyContain(reads => reads == 1);

    [Fact]
    public void A_scaler_reads_once_per_update_if_the_optimizer_cannot_skip_by_itself() => ReadsPerIteration(
        new Fp16OptimizerConfig(), model => new FusedRmsProp(model.parameters(), new() { Lr = 0.01 })).Should().OnlyContain(reads => reads == 1);

    private static List<long> ReadsPerIteration(OptimizerConfig hook, params Hook[] hooks) =>
        ReadsPerIteration(hook, model => new FusedSgd(model.parameters(), new() { Lr = 0.1 }), hooks);

    private static List<long> ReadsPerIteration(OptimizerConfig hook, Func<nn.Module, optim.Optimizer> build, params Hook[] hooks)
    {
        using StepModel model = new((one, batch) => new StepOutputs { Loss = one.Loss(batch), NumSamples = 2 });
        using optim.Optimizer optimizer = build(model);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });
        runner.RegisterTrainingHooks(new TrainingHookOptions { OptimizerConfig = hook, LogConfig = new LogConfig { Interval = 20 }, CustomHooks = hooks });
        long before = HostRead.Count;
        List<long> reads = [];
        runner.RegisterHook(
            new ActionHook
            {
                AtAfterTrainIter = _ =>
                {
                    reads.Add(HostRead.Count - before);
                    before = HostRead.Count;
                },
            },
            Torch.Training.HookPriority.VeryLow);
        runner.Run([ToyDataset.Loader(80)], [new("train", 1)]);

        reads.Should().HaveCount(40);
        return reads[21..39];
    }
}
