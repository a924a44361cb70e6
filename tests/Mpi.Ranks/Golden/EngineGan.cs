using System.Text.Json;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>The golden GAN: the discriminator's turn, then the generator's.</summary>
internal sealed class EngineGan(GoldenNet net, JsonElement file, JsonElement golden, int rank) : ModuleView(net)
{
    private readonly bool freezes = !golden.TryGetProperty("freeze_d", out JsonElement freeze) || freeze.GetBoolean();
    private readonly bool fakesWithoutGradients = golden.TryGetProperty("fake_no_grad", out JsonElement fake) && fake.GetBoolean();
    private int iteration;

    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        JsonElement noise = file.GetProperty("noise")[rank][iteration++];
        (Tensor lossD, LogVars vars) = Discriminate(((GoldenBatch)data).X, Noise(noise[0]), optimWrapper["discriminator"]);
        optimWrapper["discriminator"].UpdateParams(lossD);
        Freeze(freezes);
        Tensor lossG;
        using (optimWrapper["generator"].OptimContext(this))
        {
            lossG = Judge(net.Run("generator", Noise(noise[1])), isReal: true);
        }

        optimWrapper["generator"].UpdateParams(lossG);
        Freeze(false);
        vars["loss_g"] = lossG;
        return vars;
    }

    private (Tensor Loss, LogVars Vars) Discriminate(Tensor real, Tensor noise, BaseOptimWrapper optimWrapper)
    {
        using IDisposable context = optimWrapper.OptimContext(this);
        Tensor fake = Fake(noise);
        return ParseLosses(new LossDict { ["loss_d_real"] = Judge(real, isReal: true), ["loss_d_fake"] = Judge(fake, isReal: false) });
    }

    private Tensor Fake(Tensor noise)
    {
        using IDisposable? guard = fakesWithoutGradients ? no_grad() : null;
        return net.Run("generator", noise).detach();
    }

    private Tensor Judge(Tensor pictures, bool isReal)
    {
        Tensor scores = net.Run("discriminator", pictures);
        return nn.functional.binary_cross_entropy_with_logits(scores, isReal ? ones_like(scores) : zeros_like(scores));
    }

    private void Freeze(bool isFrozen)
    {
        foreach (TorchSharp.Modules.Parameter parameter in net.Layer("discriminator").parameters())
        {
            parameter.requires_grad = !isFrozen;
        }
    }

    private static Tensor Noise(JsonElement values) => tensor([.. values.EnumerateArray().Select(value => (float)value.Number())]).reshape(2, 2);
}
