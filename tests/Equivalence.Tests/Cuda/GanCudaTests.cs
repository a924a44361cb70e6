using Compat.TestSupport;
using global::Comparing;
using global::Gan;

namespace Compat.Equivalence.Tests.Cuda;

[Trait("Category", "Cuda")]
public sealed class GanCudaTests
{
    [CudaFact]
    public void All_three_ways_train_the_same_on_a_GPU()
    {
        using TemporaryFolder folder = new();
        GanSettings settings = new() { Epochs = 2, Device = "cuda" };

        TrainingComparison comparison = new GanTrainer(settings, settings, folder.Path).Train((_, _, _) => { }).Comparison;

        comparison.Holds.Should().BeTrue(comparison.FirstDifference?.ToString());
    }

    [CudaFact]
    public void The_engine_trains_in_half_precision_with_accumulation()
    {
        using TemporaryFolder folder = new();
        GanSettings settings = new() { Epochs = 2, Device = "cuda", Amp = true, Accumulate = 2 };

        new GanTrainer(settings, settings, folder.Path).TrainEngine((_, _, _) => { }).Result.Trace.Iterations.Should().HaveCount(88)
            .And.OnlyContain(iteration => iteration.LogValues.All(value => double.IsFinite(value.Value)));
    }
}
