using Comparing;
using Compat.Torch.Data;
using Digits.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Digits;

/// <summary>How the old trainer tests its model: a loop of its own, outside the runner.</summary>
internal static class LegacyEvaluation
{
    public static double Accuracy(LegacyDigitsModel model, BatchLoader loader, Device device)
    {
        model.eval();
        long right = 0;
        foreach (DataBatch data in loader)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable guard = no_grad();
            data.AttachTo(scope);
            DigitsBatch batch = (DigitsBatch)data.To(device);
            right += model.Scores(batch.Image).argmax(1).eq(batch.Label).sum().item<long>();
        }

        return right / (double)loader.Dataset.Count;
    }
}
