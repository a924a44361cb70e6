using Comparing;
using Compat.Torch.Data;
using Digits.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Digits;

/// <summary>How the old trainer tests its model: a loop of its own, outside the runner. Each process tests its share.</summary>
internal static class LegacyEvaluation
{
    public static double Accuracy(LegacyDigitsModel model, DigitsRun run)
    {
        model.eval();
        using Tensor right = zeros(1, ScalarType.Int64);
        using BatchLoader loader = run.TestLoader(roundUp: false);
        foreach (DataBatch data in loader)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable guard = no_grad();
            data.AttachTo(scope);
            DigitsBatch batch = (DigitsBatch)data.To(run.Device);
            right.add_(model.Scores(batch.Image).argmax(1).eq(batch.Label).sum().cpu());
        }

        run.Collectives.AllReduce(right);
        return right.item<long>() / (double)run.Test.Count;
    }
}
