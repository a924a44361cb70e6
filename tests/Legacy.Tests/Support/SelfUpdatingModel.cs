using Compat.Torch.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>A model of the parameters that the optimizers hold. It counts them up by itself: only the rates matter here.</summary>
public sealed class SelfUpdatingModel : nn.Module, ITrainStep
{
    public SelfUpdatingModel(OptimizerSet optimizers)
        : base(nameof(SelfUpdatingModel))
    {
        Parameter[] all = [.. optimizers.All.SelectMany(entry => entry.Value.parameters())];
        for (int i = 0; i < all.Length; i++)
        {
            register_parameter($"p{i}", all[i]);
        }
    }

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        using IDisposable guard = no_grad();
        foreach (Parameter parameter in parameters())
        {
            parameter.add_(1);
        }

        return new();
    }
}
