using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Support;

/// <summary>Steps of a legacy model whose three batches have 4, 4 and 2 samples. MMCV's LogBuffer averages their losses to 0.984, their plain mean is 1.3033.</summary>
internal static class UnevenSteps
{
    public static IReadOnlyList<int> Samples { get; } = [4, 4, 2];

    public static IReadOnlyList<double> Losses { get; } = [0.7, 0.31, 2.9];

    public static Func<ProbeModel, ToyBatch, OptimizerSet?, StepOutputs> Make(bool weighted = true)
    {
        int iteration = 0;
        return (model, batch, _) =>
        {
            Tensor loss = model.Loss(batch);
            int step = iteration++ % 3;
            return new()
            {
                Loss = loss,
                NumSamples = weighted ? Samples[step] : 1,
                LogVars = new LogVars { ["loss"] = Losses[step], ["acc"] = Losses[step] / 3 },
            };
        };
    }
}
