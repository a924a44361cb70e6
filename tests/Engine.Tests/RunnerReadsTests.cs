using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.Torch.Native;
using Compat.Torch.Optim;

namespace Compat.Engine.Tests;

/// <summary>Between two log lines no tensor is read on the host, so a GPU is never waited for.</summary>
public sealed class RunnerReadsTests
{
    public static TheoryData<BaseOptimWrapperOptions> Wrappers => new()
    {
        new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 } },
        new OptimWrapperOptions { Optimizer = new FusedAdamWOptions { Lr = 0.1 } },
        new OptimWrapperOptions { Optimizer = new FusedAdagradOptions { Lr = 0.1 } },
        new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 }, ClipGrad = new GradClipNormOptions { MaxNorm = 0.1 } },
        new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 }, ClipGrad = new GradClipValueOptions { ClipValue = 0.1 } },
        new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 }, AccumulativeCounts = 3 },
        new AmpOptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 }, LossScale = 8 },
        new AmpOptimWrapperOptions { Optimizer = new FusedAdamOptions { Lr = 0.1 }, ClipGrad = new GradClipNormOptions { MaxNorm = 0.1 } },
        new AmpOptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 }, Autocast = false, AccumulativeCounts = 2 },
    };

    [Theory]
    [MemberData(nameof(Wrappers))]
    public void No_iteration_between_two_log_lines_reads_a_tensor(BaseOptimWrapperOptions wrapper) => ReadsPerIteration(wrapper).Should().OnlyContain(reads => reads == 0);

    [Fact]
    public void An_error_for_norms_that_are_not_finite_costs_one_read_per_update()
    {
        OptimWrapperOptions wrapper = new()
        {
            Optimizer = new FusedSgdOptions { Lr = 0.1 },
            ClipGrad = new GradClipNormOptions { MaxNorm = 0.1, ErrorIfNonfinite = true },
        };

        ReadsPerIteration(wrapper).Should().OnlyContain(reads => reads == 1);
    }

    [Fact]
    public void A_scaler_reads_once_per_update_if_the_optimizer_cannot_skip_by_itself() => ReadsPerIteration(
        new AmpOptimWrapperOptions { Optimizer = new FusedRmsPropOptions { Lr = 0.01 }, AccumulativeCounts = 2 }).Should().OnlyContain(reads => reads <= 1).And.Subject.Sum().Should().Be(9, "of 19 iterations, every second one updates");

    [Fact]
    public void A_hook_that_reads_is_noticed() =>
        ReadsPerIteration(new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 } }, new CuriousHook()).Should().OnlyContain(reads => reads == 1);

    // The first ten iterations are left out: the watch of the parameters reads there, with the log values.
    private static List<long> ReadsPerIteration(BaseOptimWrapperOptions wrapper, params Hook[] hooks)
    {
        using TestRun run = new();
        RunnerOptions options = run.Options with
        {
            OptimWrapper = wrapper,
            TrainDataloader = Compat.TestSupport.Toy.ToyDataset.Loader(80),
            DefaultHooks = new DefaultHooks { Logger = new LoggerHookOptions { Interval = 20 } },
        };
        Runner runner = run.Make(options, hooks);
        List<long> reads = [];
        long before = HostRead.Count;
        foreach (int iter in runner.TrainIterations())
        {
            if (iter is > 20 and < 40)
            {
                reads.Add(HostRead.Count - before);
            }

            before = HostRead.Count;
        }

        reads.Should().HaveCount(19);
        return reads;
    }

    private sealed class CuriousHook : Hook
    {
        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => HostRead.Number<float>(runner.OptimWrapper.Loss!);
    }
}
