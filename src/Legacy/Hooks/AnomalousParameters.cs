using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Finds the trainable parameters that a backward does not reach, from what it writes to. Nothing here waits for a GPU.</summary>
/// <remarks>
/// MMCV walks autograd's graph before the backward, which TorchSharp gives no access to. The answers are the same, but for a parameter that is in the graph and
/// gets no gradient from it all the same: it is reported here.
/// </remarks>
internal sealed class AnomalousParameters
{
    private readonly Dictionary<string, long?> before;

    /// <summary>Takes note of the gradients before the backward.</summary>
    public AnomalousParameters(nn.Module model)
    {
        using DisposeScope scope = NewDisposeScope();
        before = model.named_parameters().ToDictionary(entry => entry.name, entry => Writes(entry.parameter));
    }

    /// <summary>Reports, after the backward, the parameters whose gradients are as they were. Source: MMCV <c>detect_anomalous_parameters</c>.</summary>
    public void Report(nn.Module model, ILogger logger)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Parameter parameter) in model.named_parameters())
        {
            if (parameter.requires_grad && Writes(parameter) == before[name])
            {
                LegacyLog.Error(logger, $"{name} with shape torch.Size([{string.Join(", ", parameter.shape)}]) is not in the computational graph \n");
            }
        }
    }

    // How often the gradient was written to; null if there is none.
    private static long? Writes(Parameter parameter) => parameter.grad is { } gradient ? WriteCount.Of([gradient]) : null;
}
