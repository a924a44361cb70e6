using Compat.Legacy.Runners;
using Compat.Torch.Logging;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging;

namespace Compat.Legacy;

/// <summary>Writes a line to the runner's logger and one to a JSON file, <c>WorkDir/timestamp.log.json</c>.</summary>
/// <remarks>
/// The lines of both are those of MMCV, character for character, but for <c>memory</c>, which TorchSharp cannot tell. Without a work folder no JSON is
/// written. The first JSON line is the runner's meta, without what JSON cannot hold, which is named in the log. Source: MMCV <c>TextLoggerHook</c>.
/// </remarks>
public sealed class TextLoggerHook : LoggerHook
{
    private readonly TextLoggerConfig config;
    private double totalSeconds;
    private int startIter;
    private string? jsonPath;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The settings; <see langword="null"/> for the defaults.</param>
    public TextLoggerHook(TextLoggerConfig? config = null)
        : base(config ??= new()) => this.config = config;

    /// <inheritdoc/>
    public override void BeforeRun(BaseRunner runner)
    {
        base.BeforeRun(runner);
        startIter = runner.Iter;
        jsonPath = runner.WorkDir is null ? null : Path.Combine(runner.WorkDir, $"{runner.Timestamp}.log.json");
        if (jsonPath is not null && runner.Rank == 0 && runner.Meta is { } meta)
        {
            WriteMeta(runner, meta);
        }
    }

    /// <summary>Does nothing yet. MMCV copies the logs to another folder here, if asked to; the point is listed in the hook info in any case.</summary>
    /// <param name="runner">The runner that calls.</param>
    public override void AfterRun(BaseRunner runner)
    {
    }

    /// <inheritdoc/>
    protected override void Log(BaseRunner runner)
    {
        if (runner.Rank > 0)
        {
            return;                                                   // of several processes, 0 writes
        }

        PthDict entry = Entry(runner);
        LogExperimentName(runner);
        string header = entry["mode"] is PthText { Value: "train" } ? TrainHeader(runner, entry) : ValHeader(entry);
        LegacyLog.Line(runner.Logger, header + string.Join(", ", entry.Where(IsItem).Select(item => $"{Text(item.Key)}: {Fixed(item.Value, 4)}")));
        WriteJson(JsonOf(runner, entry));
    }

    // As there: what the header shows is no item, nor is what has one of its names.
    private static bool IsItem(KeyValuePair<PthValue, PthValue> item) =>
        Text(item.Key) is not ("mode" or "Epoch" or "iter" or "lr" or "time" or "data_time" or "memory" or "epoch");

    private static string Fixed(PthValue value, int digits) => PythonText.Fixed(((PthFloat)value).Value, digits);

    // As Python's str().
    private static string Text(PthValue value) => value switch
    {
        PthText text => text.Value,
        PthNone => "None",
        PthBool flag => flag.Value ? "True" : "False",
        PthFloat number => PythonText.Repr(number.Value),
        _ => PythonJson.Write(value),
    };

    private static PthValue LrValue(OptimizerSnapshot lr)
    {
        if (!lr.IsNamed)
        {
            return lr.First;
        }

        PthDict rates = new();
        foreach ((string name, IReadOnlyList<double> values) in lr.Values)
        {
            rates[name] = values[0];
        }

        return rates;
    }

    private static string Rates(PthValue lr) => lr is PthDict rates
        ? string.Join(' ', rates.Select(rate => $"lr_{Text(rate.Key)}: {Scientific(rate.Value)}"))
        : $"lr: {Scientific(lr)}";

    private static string Scientific(PthValue value) => PythonText.Scientific(((PthFloat)value).Value, 3);

    // A number of the runner is a float of Python, an average one of numpy; rates in a dictionary are not reached.
    private static PthDict JsonOf(BaseRunner runner, PthDict entry)
    {
        PthDict json = new();
        foreach ((PthValue key, PthValue value) in entry)
        {
            string name = Text(key);
            json[name] = value is not PthFloat number ? value
                : runner.LogBuffer.IsAverage(name) ? NumpyNumbers.Round(number.Value, 5)
                : PythonText.Round(number.Value, 5);
        }

        return json;
    }

    // As there: whoever evaluates leaves the number of batches under this name, and the first line shows it in place of the iteration.
    private static PthValue? TakeEvaluationIter(LogBuffer buffer)
    {
        bool isFloat = buffer.IsAverage("eval_iter_num");
        if (!buffer.Output.Remove("eval_iter_num", out double number))
        {
            return null;
        }

        return isFloat || !double.IsInteger(number) ? new PthFloat(number) : new PthInteger((long)number);
    }

    private void LogExperimentName(BaseRunner runner)
    {
        if (runner.Meta is { } meta && meta.TryGetValue("exp_name", out PthValue? name) && (EveryNIters(runner, config.IntervalExpName) || (ByEpoch && EndOfEpoch(runner))))
        {
            LegacyLog.Line(runner.Logger, $"Exp name: {Text(name)}");
        }
    }

    private string TrainHeader(BaseRunner runner, PthDict entry)
    {
        string position = ByEpoch
            ? $"Epoch [{Text(entry["epoch"])}][{Text(entry["iter"])}/{runner.DataLoader!.Length}]"
            : $"Iter [{Text(entry["iter"])}/{runner.MaxIters}]";
        return $"{position}\t{Rates(entry["lr"])}, {Times(runner)}";
    }

    private string Times(BaseRunner runner)
    {
        double time = runner.LogBuffer.Output["time"];
        totalSeconds += time * Interval;
        double eta = totalSeconds / (runner.Iter - startIter + 1) * ((runner.MaxIters ?? 0) - runner.Iter - 1);
        string dataTime = PythonText.Fixed(runner.LogBuffer.Output["data_time"], 3);
        return $"eta: {PythonText.Duration(eta)}, time: {PythonText.Fixed(time, 3)}, data_time: {dataTime}, ";
    }

    private string ValHeader(PthDict entry) =>
        $"{(ByEpoch ? "Epoch" : "Iter")}({Text(entry["mode"])}) {(ByEpoch ? $"[{Text(entry["epoch"])}]" : string.Empty)}[{Text(entry["iter"])}]\t";

    // As MMCV's log_dict: what was logged under a name of the header takes its place.
    private PthDict Entry(BaseRunner runner)
    {
        PthDict entry = new()
        {
            ["mode"] = GetMode(runner),
            ["epoch"] = GetEpoch(runner),
            ["iter"] = TakeEvaluationIter(runner.LogBuffer) ?? GetIter(runner, inner: true),
            ["lr"] = LrValue(runner.CurrentLr()),
        };
        foreach ((string name, double value) in runner.LogBuffer.Output)
        {
            entry[name] = value;
        }

        return entry;
    }

    private void WriteMeta(BaseRunner runner, RunnerMeta meta)
    {
        MetaJson json = new(meta);
        WriteJson(json.Value);
        if (json.LeftOut.Count > 0 && ReferenceEquals(this, runner.Hooks.OfType<TextLoggerHook>().FirstOrDefault(this)))
        {
            CompatEvents.Write(
                runner.Logger,
                LogLevel.Warning,
                CompatEvents.MetaLeftOut,
                $"The JSON log lacks these parts of the runner's meta, which JSON cannot hold: {string.Join(", ", json.LeftOut)}. Use texts, numbers, lists, and "
                + "dictionaries with texts as keys for what shall be read there.");
        }
    }

    private void WriteJson(PthDict entry)
    {
        if (jsonPath is not null)
        {
            File.AppendAllText(jsonPath, PythonJson.Write(entry) + "\n");
        }
    }
}
