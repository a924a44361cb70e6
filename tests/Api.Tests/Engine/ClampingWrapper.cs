using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own model wrapper: after each step no weight is larger than a limit.</summary>
internal sealed class ClampingWrapper(BaseModel module, double limit) : ModelWrapper(module)
{
    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        LogVars outputs = base.TrainStep(data, optimWrapper);
        using IDisposable guard = no_grad();
        foreach (Parameter parameter in StateModule.parameters())
        {
            parameter.clamp_(-limit, limit);
        }

        return outputs;
    }
}
