using System.Text.Json;
using Compat.Engine.Logging;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Amp;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>A wrapper over a fresh net that is driven by hand, as the golden cases without a runner.</summary>
internal sealed class GoldenBench : IDisposable
{
    private readonly JsonElement data;
    private readonly MessageHub hub = new();
    private bool? skipped;
    private int updates;
    private float[][] bits;

    public GoldenBench(JsonElement file, JsonElement golden, JsonElement config, GoldenOptimizerKind kind, bool biasGroup = false, bool setToNone = false)
    {
        string name = golden.GetProperty("model").GetString()!;
        data = GoldenData.Of(file, name);
        Model = new(name, file.GetProperty("initial_params").GetProperty(name)) { Injection = GoldenInjection.Read(golden) };
        JsonElement optimizer = golden.GetProperty("optimizer");
        OptimWrapperOptions options = GoldenWrapper.Read(config, new GoldenOptimizerOptions(optimizer, kind, biasGroup ? BiasApart(optimizer) : null));
        Wrapper = options with { SetToNone = setToNone } is AmpOptimWrapperOptions amp ? new OpenAmp(amp, Model) : new OpenPlain(options with { SetToNone = setToNone }, Model);
        bits = GoldenCheck.Bits(Model);
        IterationProbe probe = new();
        probe.Skipped += (_, isSkipped) => skipped = isSkipped.item<float>() > 0;
        Wrapper.Attach(new() { MessageHub = hub, Logger = NullLogger.Instance, Probe = probe });
    }

    public GoldenNet Model { get; }

    public OptimWrapper Wrapper { get; }

    public GradScaler? Scaler => (Wrapper as AmpOptimWrapper)?.LossScaler;

    private bool IsDue => Wrapper is OpenAmp amp ? amp.IsDue : ((OpenPlain)Wrapper).IsDue;

    /// <summary>Takes over the parameters of another bench.</summary>
    public void TakeParameters(GoldenBench other)
    {
        using IDisposable guard = no_grad();
        foreach ((Parameter own, Parameter theirs) in Model.parameters().Zip(other.Model.parameters()))
        {
            own.copy_(theirs);
        }

        bits = GoldenCheck.Bits(Model);
    }

    /// <summary>Makes an update and compares it with its row.</summary>
    public void Update(JsonElement row)
    {
        using DisposeScope scope = NewDisposeScope();
        int update = row.GetProperty("update").GetInt32();
        double before = Scaler?.GetScale() ?? 1;
        Tensor loss = LossOf(update);
        GoldenCheck.ShouldBe(row.GetProperty("loss"), loss, $"the loss at {update}");
        Run(() => Wrapper.UpdateParams(loss));
        if (row.TryGetProperty("scale", out JsonElement scale))
        {
            GoldenTensor.Number(scale[0]).Should().Be(before);
            Check(row, scale[1], $"update {update}");
        }
        else
        {
            CheckWeights(row, $"update {update}");
        }
    }

    /// <summary>Makes one call of a list of calls.</summary>
    public void Call(JsonElement call)
    {
        using DisposeScope scope = NewDisposeScope();
        Run(call[0].GetString() switch
        {
            "backward" => () => Wrapper.Backward(LossOf(call[1].GetInt32())),
            "update" => () => Wrapper.UpdateParams(LossOf(call[1].GetInt32())),
            "step" => Wrapper.Step,
            "zero_grad" => Wrapper.ZeroGrad,
            "unscale" => () => Scaler!.Unscale(Wrapper.Optimizer),
            "init" => () => Wrapper.InitializeCountStatus(Model, call[1].GetInt32(), call[2].GetInt32(), NullLogger.Instance),
            string other => throw new NotSupportedException($"The golden file has a new call, {other}."),
            null => throw new FormatException("A call has no name."),
        });
        updates = call[0].GetString() == "init" ? Wrapper.UpdateCount : updates;      // it counts anew, and updates nothing
    }

    /// <summary>Compares what a call has left with its row.</summary>
    public void CheckCall(JsonElement row, string at)
    {
        Check(row, row.GetProperty("scale"), at);
        IsDue.Should().Be(row.GetProperty("should_update").GetBoolean(), at);
    }

    public void Dispose()
    {
        Wrapper.Dispose();
        Model.Dispose();
        hub.Dispose();
    }

    private ParameterGroup[] BiasApart(JsonElement optimizer)
    {
        ILookup<bool, Parameter> isBias = Model.named_parameters().ToLookup(entry => entry.name.EndsWith("bias", StringComparison.Ordinal), entry => entry.parameter);
        return [new(isBias[false]), new(isBias[true]) { Lr = 2 * optimizer.GetProperty("lr").Number() }];
    }

    private Tensor LossOf(int update) => Model.LossOf(GoldenData.Rows(data, update % 2 * 4, 4), update);

    private void Run(Action call)
    {
        skipped = null;
        updates = Wrapper.UpdateCount;
        call();
    }

    private void Check(JsonElement row, JsonElement scale, string at)
    {
        if (Scaler is not null)
        {
            GoldenTensor.Number(scale).Should().Be(Scaler.GetScale(), at);
            (Scaler.SaveState()?.GrowthTracker ?? 0).Should().Be(row.GetProperty("tracker").GetInt32(), at);
        }

        JsonElement step = row.GetProperty("step");
        bool? made = Wrapper.UpdateCount <= updates ? null : skipped != true;
        made.Should().Be(step.ValueKind == JsonValueKind.Null ? null : step.GetBoolean(), at);
        CheckWeights(row, at);
    }

    private void CheckWeights(JsonElement row, string at)
    {
        Wrapper.InnerCount.Should().Be(row.GetProperty("inner_count").GetInt32(), at);
        GoldenCheck.GradientsShouldBe(row.GetProperty("grads"), Model, at);
        bits = GoldenCheck.ParametersShouldBe(row.GetProperty("params"), Model, bits, at);
    }

    private sealed class OpenAmp(AmpOptimWrapperOptions options, nn.Module model) : AmpOptimWrapper(options, model)
    {
        public bool IsDue => ShouldUpdate();
    }

    private sealed class OpenPlain(OptimWrapperOptions options, nn.Module model) : OptimWrapper(options, model)
    {
        public bool IsDue => ShouldUpdate();
    }
}
