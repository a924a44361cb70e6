using System.Globalization;
using System.Text.RegularExpressions;
using Compat.Engine.Hooks;
using Compat.Torch.Logging;

namespace Compat.Engine.Logging;

/// <summary>Makes the lines of the log from the histories in the message hub.</summary>
/// <remarks>The lines are those of MMEngine, character for character, but for <c>memory</c>, which TorchSharp cannot tell. Source: MMEngine
/// <c>LogProcessor</c>.</remarks>
public sealed class LogProcessor
{
    private readonly LogProcessorOptions options;
    private readonly Regex meanPattern;

    /// <summary>Makes a processor.</summary>
    /// <param name="options">Window, digits and layout; <see langword="null"/> for the defaults.</param>
    public LogProcessor(LogProcessorOptions? options = null)
    {
        this.options = options ?? new();
        ArgumentOutOfRangeException.ThrowIfLessThan(this.options.WindowSize, 1, nameof(LogProcessorOptions.WindowSize));
        meanPattern = new Regex(this.options.MeanPattern, RegexOptions.CultureInvariant);
    }

    /// <summary>Makes the line for an iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="mode">The kind of loop.</param>
    /// <returns>For example <c>Epoch(train) [1][10/25]  lr: 1.0000e-02  eta: 0:00:01  time: 0.0101  data_time: 0.0002  loss: 1.5705</c>.</returns>
    public string AfterIter(Runner runner, int batchIndex, LoopMode mode)
    {
        ArgumentNullException.ThrowIfNull(runner);
        List<KeyValuePair<string, double>> values = Collect(runner.MessageHub, mode);
        string rates = string.Join(' ', values.Where(IsLr).Select(value => $"{value.Key}: {PythonText.Scientific(value.Value, options.NumDigits)}"));
        values.RemoveAll(IsLr);
        string times = TakeTimes(runner.MessageHub, values);
        IEnumerable<KeyValuePair<string, double>> rest = mode == LoopMode.Val
            ? values.Where(value => value.Key.StartsWith("val/loss", StringComparison.Ordinal))
            : values;
        return $"{Header(runner, batchIndex, mode)}  {rates}  {times}{string.Join("  ", rest.Select(Print))}";
    }

    /// <summary>Makes the line for a finished validation: metrics, then the mean times of the pass.</summary>
    /// <param name="runner">The runner.</param>
    /// <returns>For example <c>Epoch(val) [1][12/12]    accuracy: 0.9721  data_time: 0.0001  time: 0.0023</c>.</returns>
    public string AfterValEpoch(Runner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        int length = LoaderLength(runner, LoopMode.Val);
        string epoch = options.ByEpoch ? $"Epoch(val) [{runner.Progress.Epoch}]" : "Iter(val) ";
        List<KeyValuePair<string, double>> values = Collect(runner.MessageHub, LoopMode.Val);
        for (int i = 0; i < values.Count; i++)
        {
            if (IsTime(values[i]))
            {
                values[i] = new(values[i].Key, runner.MessageHub.GetScalar($"val/{values[i].Key}").Mean(length));
            }
        }

        // Times come last, whatever their place in the hub.
        IEnumerable<string> printed = values.Where(value => !IsTime(value)).Concat(values.Where(IsTime)).Select(Print);
        return $"{epoch}[{length}/{length}]    {string.Join("  ", printed)}";
    }

    private static bool IsLr(KeyValuePair<string, double> value) => value.Key.EndsWith("lr", StringComparison.Ordinal);

    private static bool IsTime(KeyValuePair<string, double> value) => value.Key is "time" or "data_time";

    private static int LoaderLength(Runner runner, LoopMode mode) =>
        (mode == LoopMode.Train ? runner.TrainLoop!.Dataloader : runner.ValLoop!.Dataloader).Length;

    private string Print(KeyValuePair<string, double> value) => $"{value.Key}: {PythonText.Fixed(value.Value, options.NumDigits)}";

    // As MMEngine: keys that start with the text of the mode, the prefix cut off.
    private List<KeyValuePair<string, double>> Collect(MessageHub hub, LoopMode mode)
    {
        string text = mode == LoopMode.Train ? "train" : "val";
        List<KeyValuePair<string, double>> values = [];
        foreach ((string key, HistoryBuffer history) in hub.Scalars)
        {
            if (key.StartsWith(text, StringComparison.Ordinal))
            {
                string name = key.StartsWith(text + "/", StringComparison.Ordinal) ? key[(text.Length + 1)..] : key;
                values.Add(new(name, meanPattern.IsMatch(name) ? history.Mean(options.WindowSize) : history.Current()));
            }
        }

        return values;
    }

    private string TakeTimes(MessageHub hub, List<KeyValuePair<string, double>> values)
    {
        int time = values.FindIndex(value => value.Key == "time");
        int dataTime = values.FindIndex(value => value.Key == "data_time");
        if (time < 0 || dataTime < 0 || !hub.TryGetInfo("eta", out double eta))
        {
            return string.Empty;
        }

        string text = $"eta: {PythonText.Duration(eta)}  {Print(values[time])}  {Print(values[dataTime])}  ";
        values.RemoveAll(IsTime);
        return text;
    }

    // Numbers are padded to the width of their maximum, so that lines stay aligned.
    private string Header(Runner runner, int batchIndex, LoopMode mode)
    {
        string text = mode == LoopMode.Train ? "train" : "val";
        if (!options.ByEpoch && mode == LoopMode.Train)
        {
            return $"Iter(train) [{Pad(runner.Progress.Iter + 1, runner.MaxIters)}/{runner.MaxIters}]";
        }

        int length = LoaderLength(runner, mode);
        string position = $"[{Pad(batchIndex + 1, length)}/{length}]";
        if (!options.ByEpoch)
        {
            return $"Iter({text}) {position}";
        }

        string epoch = $"[{runner.Progress.Epoch + (mode == LoopMode.Train ? 1 : 0)}]";
        string padded = runner.TrainLoop is null ? epoch : epoch.PadLeft(Digits(runner.MaxEpochs) + 3);
        return $"Epoch({text}){padded}{position}";
    }

    private static string Pad(int number, int maximum) => number.ToString(CultureInfo.InvariantCulture).PadLeft(Digits(maximum));

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;
}
