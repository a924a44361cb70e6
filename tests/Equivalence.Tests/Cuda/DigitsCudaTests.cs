using Compat.Adapters.Equivalence;
using Compat.TestSupport;
using global::Comparing;
using global::Digits;

namespace Compat.Equivalence.Tests.Cuda;

[Trait("Category", "Cuda")]
public sealed class DigitsCudaTests
{
    [CudaTheory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    public void All_three_ways_train_on_the_GPU(bool amp, int accumulate)
    {
        using TemporaryFolder folder = new();
        DigitsSettings settings = new() { Device = "cuda", Epochs = 2, Amp = amp, Accumulate = accumulate };
        TrainingComparison comparison = new DigitsTrainer(settings, settings, folder.Path).Train((_, _, _) => { });

        // cuDNN may choose other algorithms from run to run, so only what does not depend on them must agree to the bit.
        foreach (TraceComparison one in comparison.Comparisons)
        {
            one.VerdictOn(Observation.Batch)!.Agrees.Should().BeTrue();
            one.VerdictOn(Observation.LearningRate)!.Agrees.Should().BeTrue();
        }

        comparison.Results.Should().OnlyContain(result => result.Score!.Value > 0.8);
    }
}
