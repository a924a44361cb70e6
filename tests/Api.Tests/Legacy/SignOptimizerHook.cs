using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Legacy;

/// <summary>A user's own optimizer hook: it goes by the sign of the gradients alone.</summary>
internal sealed class SignOptimizerHook(SignOptimizerConfig config) : OptimizerHook(config)
{
    public override void AfterTrainIter(BaseRunner runner)
    {
        optim.Optimizer optimizer = runner.RequireOptimizer().Single;
        OptimizerGroup.ClearGradients(optimizer);
        runner.Outputs!.RequireLoss(runner.ModelName).backward();
        using (no_grad())
        {
            foreach (Parameter parameter in runner.Model.parameters())
            {
                using Tensor gradient = parameter.grad!;
                gradient.sign_();
            }
        }

        optimizer.step();
    }
}
